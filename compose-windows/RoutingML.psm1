<#
.SYNOPSIS
What the scripts in this folder share: they find a Python, hand their parameters to the package `installer`, and do the steps that only
PowerShell can: firewall, scheduled tasks, event log.

.DESCRIPTION
The installer looks at the machine, makes a plan and shows it; the script's own -WhatIf and -Confirm decide whether it is carried out, and
before that nothing is changed. Script and installer talk in lines of JSON (installer/door.py), so that no argument is quoted and no code
page matters. Windows PowerShell 5.1 or newer, with or without a console. This file is plain ASCII because 5.1 reads files without a mark
as ANSI; sentences for people are in installer\wording.json.
#>

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$script:ExitCodes = @{ Done = 0; Failed = 1; WrongUsage = 2; NotInstalled = 3; NeedsAdministrator = 5; WentBack = 10 }
$script:Application = Split-Path -Path $PSScriptRoot -Parent
$script:Words = $null

function Get-RoutingMLExitCode {
    <#
    .SYNOPSIS
    The exit code that a script ends with.
    .PARAMETER Meaning
    What happened: Done, Failed, WrongUsage, NotInstalled, NeedsAdministrator, or WentBack (an upgrade failed and the former version serves).
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateSet('Done', 'Failed', 'WrongUsage', 'NotInstalled', 'NeedsAdministrator', 'WentBack')]
        [string]$Meaning
    )
    return [int]$script:ExitCodes[$Meaning]
}

function Get-RoutingMLWord {
    <#
    .SYNOPSIS
    A sentence of installer\wording.json in the language of this system.
    .PARAMETER Key
    Its key.
    .PARAMETER Value
    What stands in the places of its names in braces, by name.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Key,
        [System.Collections.IDictionary]$Value = @{}
    )
    if ($null -eq $script:Words) {
        $path = Join-Path -Path $script:Application -ChildPath 'installer\wording.json'
        $script:Words = [System.IO.File]::ReadAllText($path, [System.Text.Encoding]::UTF8) | ConvertFrom-Json
    }
    $language = 'en'
    if ([System.Globalization.CultureInfo]::CurrentUICulture.Name -like 'ko*') { $language = 'ko' }
    $text = [string]$script:Words.$Key.$language
    foreach ($name in $Value.Keys) { $text = $text.Replace('{' + $name + '}', [string]$Value[$name]) }
    return $text
}

function Write-RoutingMLMessage {
    <#
    .SYNOPSIS
    Tell people something, on whatever host they sit at: a console, the ISE, a remote session.
    .PARAMETER Message
    One line.
    .PARAMETER Level
    info, warning or error.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Message,
        [ValidateSet('info', 'warning', 'error')][string]$Level = 'info'
    )
    switch ($Level) {
        'warning' { Write-Warning -Message $Message -WarningAction Continue }
        'error' { $Host.UI.WriteErrorLine($Message) }
        default { Write-Information -MessageData $Message -InformationAction Continue }
    }
}

function Test-RoutingMLAdministrator {
    <#
    .SYNOPSIS
    Whether this PowerShell runs with an administrator's rights.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $identity
    return $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Read-RoutingMLProgram {
    <#
    .SYNOPSIS
    What a program writes to standard output; empty when it does not exist or fails. What it writes to standard error does not matter.
    .PARAMETER Path
    The program; without a folder it is looked for on PATH.
    .PARAMETER Argument
    Its arguments as one text, quoted as C programs read them.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][string]$Argument
    )
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -ArgumentList @($Path, $Argument)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    try {
        $process = [System.Diagnostics.Process]::Start($start)
        $errors = $process.StandardError.ReadToEndAsync()
        $output = $process.StandardOutput.ReadToEnd()
        $process.WaitForExit()
        $null = $errors.Wait(1000)
        if ($process.ExitCode -ne 0) { return '' }
        return $output.Trim()
    }
    catch { return '' }
}

function Get-RoutingMLPythonCandidate {
    <#
    .SYNOPSIS
    Where a Python may be: program and first arguments, the best first. All-users installations stand in the registry also without PATH.
    #>
    [CmdletBinding()]
    [OutputType([object[]])]
    param()
    $found = New-Object -TypeName System.Collections.ArrayList
    $base = Join-Path -Path $script:Application -ChildPath '..\venv\pyvenv.cfg'
    if (Test-Path -LiteralPath $base) {
        foreach ($line in [System.IO.File]::ReadAllLines($base)) {
            if ($line -match '^executable\s*=\s*(.+)$') { $null = $found.Add([pscustomobject]@{ Path = $Matches[1].Trim(); First = '' }) }
        }
    }
    foreach ($version in @('3.13', '3.12', '3.11')) {
        $key = "HKLM:\SOFTWARE\Python\PythonCore\$version\InstallPath"
        if (Test-Path -LiteralPath $key -ErrorAction SilentlyContinue) {
            $place = (Get-Item -LiteralPath $key).GetValue('ExecutablePath')
            if ($place) { $null = $found.Add([pscustomobject]@{ Path = [string]$place; First = '' }) }
        }
        $null = $found.Add([pscustomobject]@{ Path = 'py.exe'; First = "-$version " })
    }
    $null = $found.Add([pscustomobject]@{ Path = 'python.exe'; First = '' })
    return [object[]]$found.ToArray()
}

function Find-RoutingMLPython {
    <#
    .SYNOPSIS
    A 64-bit Python 3.11 to 3.13 of this machine, for all users.
    .PARAMETER Path
    python.exe to use; empty: the best that the registry, the launcher `py` or PATH knows.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string]$Path = '')
    $probe = '-I -c "import struct,sys; print(sys.version_info[0], sys.version_info[1], struct.calcsize(chr(80)) * 8, sys.executable)"'
    $candidates = @(Get-RoutingMLPythonCandidate)
    if ($Path) {
        $place = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
        $candidates = @([pscustomobject]@{ Path = $place; First = '' })
    }
    $seen = New-Object -TypeName System.Collections.ArrayList
    foreach ($candidate in $candidates) {
        $answer = Read-RoutingMLProgram -Path $candidate.Path -Argument ($candidate.First + $probe)
        if ($answer -notmatch '(?m)^(\d+) (\d+) (\d+) (.+?)\r?$') { continue }
        $major, $minor, $bits, $place = $Matches[1], $Matches[2], $Matches[3], $Matches[4]
        $fits = $major -eq '3' -and @('11', '12', '13') -contains $minor -and $bits -eq '64'
        $shared = $Path -or $place -notmatch '\\(AppData|WindowsApps)\\'
        if ($fits -and $shared) { return $place }
        $null = $seen.Add(('{0}.{1} {2}-bit {3}' -f $major, $minor, $bits, $place))
    }
    $known = Get-RoutingMLWord -Key 'script.none'
    if ($seen.Count) { $known = $seen.ToArray() -join ', ' }
    throw (Get-RoutingMLWord -Key 'script.no_python' -Value @{ found = $known })
}

function Get-RoutingMLPython {
    <#
    .SYNOPSIS
    The Python to run the installer with: that of the installation where it only looks or runs something, else one of the machine.
    .PARAMETER Path
    python.exe that was named; empty: none was.
    .PARAMETER ProgramRoot
    Folder of the program that was named; empty: none was.
    .PARAMETER OfMachine
    The installation itself is changed, so that nothing in it may be used.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [string]$Path = '',
        [string]$ProgramRoot = '',
        [switch]$OfMachine
    )
    if (-not $Path -and -not $OfMachine) {
        $places = @((Join-Path -Path $script:Application -ChildPath '..\venv\Scripts\python.exe'))
        if ($ProgramRoot) { $places = @((Join-Path -Path $ProgramRoot -ChildPath 'current\venv\Scripts\python.exe')) + $places }
        foreach ($place in $places) {
            $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($place)
            if (Test-Path -LiteralPath $full -PathType Leaf) { return $full }
        }
    }
    return Find-RoutingMLPython -Path $Path
}

function ConvertTo-RoutingMLLine {
    <#
    .SYNOPSIS
    A value as one line of JSON in plain ASCII.
    .PARAMETER Value
    What it says.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Value)
    $text = ConvertTo-Json -InputObject $Value -Depth 6 -Compress
    return [regex]::Replace($text, '[^\x20-\x7e]', { '\u{0:x4}' -f [int][char]$args[0].Value })
}

function Invoke-RoutingML {
    <#
    .SYNOPSIS
    Have the installer do what a script was called for; what it gives back goes to the output.
    .PARAMETER Command
    Name of the command, such as install (installer/front_door.py).
    .PARAMETER Caller
    $PSCmdlet of the script, whose -WhatIf and -Confirm decide.
    .PARAMETER Bound
    The script's bound parameters.
    .PARAMETER Preview
    Whether the script was asked what it would do.
    .PARAMETER ExitCode
    Takes the exit code.
    .PARAMETER Administrator
    An administrator's rights are needed.
    .PARAMETER OfMachine
    The installation itself is changed, so that its own Python may not be used.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Command,
        [Parameter(Mandatory = $true)][System.Management.Automation.PSCmdlet]$Caller,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Bound,
        [Parameter(Mandatory = $true)][ref]$ExitCode,
        [bool]$Preview = $false,
        [switch]$Administrator,
        [switch]$OfMachine
    )
    $ExitCode.Value = Get-RoutingMLExitCode -Meaning 'Failed'
    if ($Administrator -and -not (Test-RoutingMLAdministrator)) {
        Write-RoutingMLMessage -Level 'error' -Message (Get-RoutingMLWord -Key 'script.administrator')
        $ExitCode.Value = Get-RoutingMLExitCode -Meaning 'NeedsAdministrator'
        return
    }
    $options = @{}
    foreach ($name in $Bound.Keys) {
        if ([System.Management.Automation.PSCmdlet]::CommonParameters -contains $name) { continue }
        if ([System.Management.Automation.PSCmdlet]::OptionalCommonParameters -contains $name) { continue }
        $value = $Bound[$name]
        if ($value -is [System.Management.Automation.SwitchParameter]) { $value = $value.IsPresent }
        $options[$name] = $value
    }
    $named = ''
    if ($options.ContainsKey('Python')) { $named = [string]$options['Python'] }
    $root = ''
    if ($options.ContainsKey('ProgramRoot')) { $root = [string]$options['ProgramRoot'] }
    $python = Get-RoutingMLPython -Path $named -ProgramRoot $root -OfMachine:$OfMachine
    $request = @{
        command = $Command; application = $script:Application; options = $options; preview = $Preview
        folder = $Caller.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    }
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -ArgumentList @($python, '-X utf8 -m installer front-door')
    $start.WorkingDirectory = $script:Application
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.EnvironmentVariables['PYTHONDONTWRITEBYTECODE'] = '1'
    # A process keeps the folder that it stands in from being deleted.
    $before = [System.Environment]::CurrentDirectory
    [System.Environment]::CurrentDirectory = [System.IO.Path]::GetPathRoot($script:Application)
    $process = [System.Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $ended = $false
    try {
        Send-RoutingMLLine -Process $process -Value $request
        while ($null -ne ($line = $process.StandardOutput.ReadLine())) {
            $message = $line | ConvertFrom-Json
            $kinds = @($message.PSObject.Properties | ForEach-Object -Process { $_.Name })
            if ($kinds -contains 'say') { Write-RoutingMLMessage -Message $message.say -Level $message.level }
            elseif ($kinds -contains 'give') { Write-Output -InputObject ([string]$message.give) }
            elseif ($kinds -contains 'plan') {
                $agreed = $false
                try {
                    foreach ($step in @($message.plan)) { Write-RoutingMLMessage -Message "  $step" }
                    $agreed = $Caller.ShouldProcess($message.target, $message.action)
                }
                finally { Send-RoutingMLLine -Process $process -Value @{ done = $agreed } }
            }
            elseif ($kinds -contains 'do') {
                Send-RoutingMLLine -Process $process -Value (Invoke-RoutingMLStep -Name $message.do -Detail $message.with)
            }
            elseif ($kinds -contains 'end') { $ExitCode.Value = [int]$message.end; $ended = $true }
        }
        $process.WaitForExit()
        $null = $errors.Wait(2000)
        if (-not $ended -or $process.ExitCode -ne $ExitCode.Value) {
            Write-RoutingMLMessage -Level 'error' -Message ([string]$errors.Result)
            Write-RoutingMLMessage -Level 'error' -Message (Get-RoutingMLWord -Key 'script.ended' -Value @{ code = $process.ExitCode })
            $ExitCode.Value = Get-RoutingMLExitCode -Meaning 'Failed'
        }
    }
    finally {
        # Whatever happened here, the installer reads no more and takes back what it began; one that has ended reads nothing.
        try { $process.StandardInput.Close() }
        catch [System.IO.IOException] { Write-Verbose -Message $_.Exception.Message }
        $process.WaitForExit()
        if (Test-Path -LiteralPath $before) { [System.Environment]::CurrentDirectory = $before }
    }
}

function Send-RoutingMLLine {
    <#
    .SYNOPSIS
    Write one line to the installer. An installer that has ended says so itself.
    .PARAMETER Process
    The installer.
    .PARAMETER Value
    What it is told.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][System.Diagnostics.Process]$Process,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Value
    )
    $bytes = [System.Text.Encoding]::ASCII.GetBytes((ConvertTo-RoutingMLLine -Value $Value) + "`n")
    try {
        $Process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
        $Process.StandardInput.BaseStream.Flush()
    }
    catch [System.IO.IOException] { Write-Verbose -Message $_.Exception.Message }
}

function Invoke-RoutingMLStep {
    <#
    .SYNOPSIS
    Do one step that only PowerShell can; says what it found, or why Windows refused.
    .PARAMETER Name
    Name of the step.
    .PARAMETER Detail
    What it needs.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][psobject]$Detail
    )
    try {
        switch ($Name) {
            'look-firewall' { return @{ done = (Get-RoutingMLPort -Rule $Detail.name) } }
            'firewall' { Set-RoutingMLPort -Rule $Detail.name -Port $Detail.port }
            'look-task' { return @{ done = (Get-RoutingMLTask -Name $Detail.name) } }
            'register-task' { Set-RoutingMLTask -Name $Detail.name -Xml $Detail.xml }
            'remove-task' { Unregister-ScheduledTask -TaskName $Detail.name -Confirm:$false -ErrorAction Stop }
            'event' { Write-RoutingMLEvent -EventId $Detail.id -EntryType $Detail.kind -Message $Detail.message }
            'look-processes' { return @{ done = [object[]]@(Get-RoutingMLProcess -Folder $Detail.folder) } }
            'look-defender' { return @{ done = (Get-RoutingMLDefender) } }
            default { throw "There is no step $Name" }
        }
        return @{ done = $true }
    }
    catch { return @{ refused = [string]$_.Exception.Message } }
}

function Get-RoutingMLPort {
    <#
    .SYNOPSIS
    The port that a firewall rule opens; empty when there is no such rule.
    .PARAMETER Rule
    Name of the rule.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Rule)
    $found = @(Get-NetFirewallRule -Name $Rule -ErrorAction SilentlyContinue)
    if (-not $found.Count) { return '' }
    $ports = @($found[0] | Get-NetFirewallPortFilter -ErrorAction Stop | ForEach-Object -Process { $_.LocalPort })
    return [string]($ports -join ',')
}

function Set-RoutingMLPort {
    <#
    .SYNOPSIS
    Open a port in the domain and private networks, and only that; or take the rule away.
    .PARAMETER Rule
    Name of the rule.
    .PARAMETER Port
    The port; 0: none.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Rule,
        [Parameter(Mandatory = $true)][ValidateRange(0, 65535)][int]$Port
    )
    $present = Get-RoutingMLPort -Rule $Rule
    if ($present -eq [string]$Port) { return }
    if ($Port -eq 0) {
        if ($present) { Get-NetFirewallRule -Name $Rule -ErrorAction Stop | Remove-NetFirewallRule -Confirm:$false -ErrorAction Stop }
    }
    elseif ($present) {
        Get-NetFirewallRule -Name $Rule -ErrorAction Stop | Set-NetFirewallRule -Protocol TCP -LocalPort $Port -ErrorAction Stop
    }
    else {
        $null = New-NetFirewallRule -Name $Rule -DisplayName 'Routing ML (HTTPS)' -Direction Inbound -Action Allow -Protocol TCP `
            -LocalPort $Port -Profile @('Domain', 'Private') -ErrorAction Stop
    }
}

function Get-RoutingMLTask {
    <#
    .SYNOPSIS
    Who a scheduled task runs as; $null when there is no such task.
    .PARAMETER Name
    Name of the task.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][string]$Name)
    $found = @(Get-ScheduledTask -TaskName $Name -ErrorAction SilentlyContinue)
    if (-not $found.Count) { return $null }
    return @{ user = [string]$found[0].Principal.UserId }
}

function Set-RoutingMLTask {
    <#
    .SYNOPSIS
    Register a scheduled task, or replace it.
    .PARAMETER Name
    Name of the task.
    .PARAMETER Xml
    Its definition.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][string]$Xml
    )
    $null = Register-ScheduledTask -TaskName $Name -Xml $Xml -Force -ErrorAction Stop
}

function Write-RoutingMLEvent {
    <#
    .SYNOPSIS
    Write an event to the log Application (source RoutingML); the first one registers the source.
    .PARAMETER EventId
    1000 installation, 1100 upgrade, 1200 rollback, 1300 removal, 2000 training, 3000 watchdog.
    .PARAMETER EntryType
    Information, Warning or Error.
    .PARAMETER Message
    What happened.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][ValidateRange(1, 65535)][int]$EventId,
        [Parameter(Mandatory = $true)][ValidateSet('Information', 'Warning', 'Error')][string]$EntryType,
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Message
    )
    if (-not [System.Diagnostics.EventLog]::SourceExists('RoutingML')) {
        [System.Diagnostics.EventLog]::CreateEventSource('RoutingML', 'Application')
    }
    [System.Diagnostics.EventLog]::WriteEntry('RoutingML', $Message, [System.Diagnostics.EventLogEntryType]$EntryType, $EventId)
}

function Get-RoutingMLProcess {
    <#
    .SYNOPSIS
    The processes whose program lies in a folder, each with the processes above it.
    .PARAMETER Folder
    The folder.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $inside = $Folder.TrimEnd('\') + '\'
    foreach ($process in @(Get-Process -ErrorAction SilentlyContinue)) {
        $path = ''
        try { $path = [string]$process.Path } catch { continue } # it has ended, or is Windows' own
        if (-not $path.StartsWith($inside, [System.StringComparison]::OrdinalIgnoreCase)) { continue }
        Write-Output -InputObject @{ id = [int]$process.Id; name = [string]$process.ProcessName; path = $path }
    }
}

function Get-RoutingMLDefender {
    <#
    .SYNOPSIS
    Whether Microsoft Defender scans files as they are used, and what it passes over; $null where there is none.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    if (-not (Get-Command -Name 'Get-MpComputerStatus' -ErrorAction SilentlyContinue)) { return $null }
    try {
        $state = Get-MpComputerStatus -ErrorAction Stop
        $preference = Get-MpPreference -ErrorAction Stop
        $excluded = @($preference.ExclusionPath | Where-Object -FilterScript { $_ } | ForEach-Object -Process { [string]$_ })
        return @{ active = [bool]$state.RealTimeProtectionEnabled; excluded = [object[]]$excluded }
    }
    catch { return $null } # another virus scanner, or its service does not run
}

Export-ModuleMember -Function @(
    'Get-RoutingMLExitCode', 'Get-RoutingMLWord', 'Write-RoutingMLMessage', 'Find-RoutingMLPython', 'Get-RoutingMLPython',
    'ConvertTo-RoutingMLLine', 'Read-RoutingMLProgram', 'Invoke-RoutingML', 'Invoke-RoutingMLStep'
)
