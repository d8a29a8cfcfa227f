<#
.SYNOPSIS
Functions that the scripts in this folder share: names and folders, logging, Python, services, rights, firewall, event log.

.DESCRIPTION
Names, folders and rights are read from services.json beside this file. The real work of an installation (copying, packages,
migration, switching, verifying, going back) is done by the Python package `installer`, which is tested; these functions do what only
Windows can. Windows PowerShell 5.1 or newer. This file is plain ASCII because 5.1 reads files without a mark as ANSI.
#>

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$script:LogFile = $null
$script:Table = $null

# Exit codes of all scripts in this folder.
$script:ExitCodes = @{ Done = 0; Failed = 1; WrongUsage = 2; NotInstalled = 3; NeedsAdministrator = 5; WentBack = 10 }

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

function Get-RoutingMLTable {
    <#
    .SYNOPSIS
    The table of services, folders and rights in services.json.
    #>
    [CmdletBinding()]
    [OutputType([psobject])]
    param()
    if ($null -eq $script:Table) {
        $path = Join-Path -Path $PSScriptRoot -ChildPath 'services.json'
        $script:Table = Get-Content -LiteralPath $path -Raw -Encoding UTF8 | ConvertFrom-Json
    }
    return $script:Table
}

function Get-RoutingMLServiceName {
    <#
    .SYNOPSIS
    Names of the services in the order in which they start.
    .PARAMETER WithoutProxy
    Leave the Caddy service out, where IIS is the proxy.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param([switch]$WithoutProxy)
    $names = @((Get-RoutingMLTable).services | ForEach-Object -Process { $_.name })
    if ($WithoutProxy) {
        $names = @($names | Where-Object -FilterScript { $_ -ne 'RoutingML-Caddy' })
    }
    return [string[]]$names
}

function Get-RoutingMLLayout {
    <#
    .SYNOPSIS
    Where everything of an installation is.
    .PARAMETER ProgramRoot
    Folder of the program; default: C:\Program Files\RoutingML.
    .PARAMETER DataRoot
    Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
    #>
    [CmdletBinding()]
    [OutputType([psobject])]
    param(
        [string]$ProgramRoot = '',
        [string]$DataRoot = ''
    )
    $table = Get-RoutingMLTable
    if (-not $ProgramRoot) { $ProgramRoot = $table.default_program_root }
    if (-not $DataRoot) { $DataRoot = $table.default_data_root }
    $current = Join-Path -Path $ProgramRoot -ChildPath 'current'
    return [pscustomobject]@{
        ProgramRoot = $ProgramRoot
        DataRoot    = $DataRoot
        Current     = $current
        Application = Join-Path -Path $current -ChildPath 'app'
        Python      = Join-Path -Path $current -ChildPath 'venv\Scripts\python.exe'
        Services    = Join-Path -Path $ProgramRoot -ChildPath 'services'
        EnvFile     = Join-Path -Path $DataRoot -ChildPath '.env'
        State       = Join-Path -Path $DataRoot -ChildPath 'var'
        Models      = Join-Path -Path $DataRoot -ChildPath 'models'
        Logs        = Join-Path -Path $DataRoot -ChildPath 'logs'
        Backups     = Join-Path -Path $DataRoot -ChildPath 'backups'
        Caddy       = Join-Path -Path $DataRoot -ChildPath 'caddy'
    }
}

function Start-RoutingMLLog {
    <#
    .SYNOPSIS
    Begin the log of a script: JSON lines in <DataRoot>\logs\scripts, one file a script and day.
    .PARAMETER DataRoot
    Folder of settings, state, models and logs.
    .PARAMETER Name
    Name of the script, such as install.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$DataRoot,
        [Parameter(Mandatory = $true)][string]$Name
    )
    $folder = Join-Path -Path $DataRoot -ChildPath 'logs\scripts'
    if ($PSCmdlet.ShouldProcess($folder, 'Write the log of this script')) {
        New-Item -ItemType Directory -Path $folder -Force | Out-Null
        $day = (Get-Date).ToUniversalTime().ToString('yyyyMMdd')
        $script:LogFile = Join-Path -Path $folder -ChildPath ('{0}-{1}.jsonl' -f $Name, $day)
    }
}

function Write-RoutingMLLog {
    <#
    .SYNOPSIS
    Tell the administrator something and write it to the script's log.
    .PARAMETER Message
    What happened, in one sentence.
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
        'warning' { Write-Warning -Message $Message }
        'error' { [Console]::Error.WriteLine($Message) }
        default { Write-Information -MessageData $Message -InformationAction Continue }
    }
    if ($script:LogFile) {
        $at = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffZ')
        $line = [ordered]@{ at = $at; level = $Level; process = 'script'; event = $Message } | ConvertTo-Json -Compress
        Add-Content -LiteralPath $script:LogFile -Value $line -Encoding UTF8
    }
}

function Write-RoutingMLEvent {
    <#
    .SYNOPSIS
    Write an event to the Windows event log (source RoutingML). An event log that refuses is no reason to fail.
    .PARAMETER Message
    What happened.
    .PARAMETER EntryType
    Information, Warning or Error.
    .PARAMETER EventId
    1 to 65535: 1000 installation, 1100 upgrade, 1200 rollback, 1300 removal, 2000 training, 3000 watchdog.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Message,
        [ValidateSet('Information', 'Warning', 'Error')][string]$EntryType = 'Information',
        [Parameter(Mandatory = $true)][ValidateRange(1, 65535)][int]$EventId
    )
    $table = Get-RoutingMLTable
    if (-not $PSCmdlet.ShouldProcess($table.event_log, "Write event $EventId")) { return }
    try {
        if (-not [System.Diagnostics.EventLog]::SourceExists($table.event_source)) {
            [System.Diagnostics.EventLog]::CreateEventSource($table.event_source, $table.event_log)
        }
        $type = [System.Diagnostics.EventLogEntryType]$EntryType
        [System.Diagnostics.EventLog]::WriteEntry($table.event_source, $Message, $type, $EventId)
    }
    catch {
        Write-RoutingMLLog -Level 'warning' -Message ('The event log could not be written: {0}' -f $_.Exception.Message)
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

function Find-RoutingMLPython {
    <#
    .SYNOPSIS
    A 64-bit Python 3.11 to 3.13 of this machine.
    .PARAMETER Path
    python.exe to use; empty: the newest that the launcher `py` or PATH knows.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string]$Path = '')
    $probe = 'import struct,sys; print(sys.version_info[0], sys.version_info[1], struct.calcsize(chr(80)) * 8, sys.executable)'
    $candidates = New-Object -TypeName System.Collections.ArrayList
    if ($Path) {
        $candidates.Add(@($Path)) | Out-Null
    }
    else {
        foreach ($version in @('3.13', '3.12', '3.11')) { $candidates.Add(@('py.exe', "-$version")) | Out-Null }
        $candidates.Add(@('python.exe')) | Out-Null
    }
    $seen = @()
    foreach ($candidate in $candidates) {
        $command = [string]$candidate[0]
        if (-not (Get-Command -Name $command -ErrorAction SilentlyContinue)) { continue }
        $arguments = @(@($candidate | Select-Object -Skip 1) + @('-c', $probe))
        $answer = $null
        try { $answer = & $command @arguments 2>$null } catch { $answer = $null }
        if ([string]$answer -match '^(\d+) (\d+) (\d+) (.+)$') {
            $seen += ('{0}.{1} {2}-bit' -f $Matches[1], $Matches[2], $Matches[3])
            if ($Matches[1] -eq '3' -and @('11', '12', '13') -contains $Matches[2] -and $Matches[3] -eq '64') { return $Matches[4] }
        }
    }
    $found = 'none'
    if ($seen.Count) { $found = $seen -join ', ' }
    throw ("Routing ML needs a 64-bit Python 3.11, 3.12 or 3.13 for all users (found: $found). " +
        'Install one from python.org, or name it with -Python C:\...\python.exe')
}

function Invoke-RoutingMLInstaller {
    <#
    .SYNOPSIS
    Run a command of the Python package `installer` and return its exit code. What it says goes to the console and to the log.
    .PARAMETER Python
    python.exe to run it with.
    .PARAMETER Application
    Folder with the package, an unpacked release or the installed program.
    .PARAMETER Argument
    Command and options.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)][string]$Python,
        [Parameter(Mandatory = $true)][string]$Application,
        [Parameter(Mandatory = $true)][string[]]$Argument
    )
    $before = $env:PYTHONUTF8
    $encoding = [Console]::OutputEncoding
    $preference = $ErrorActionPreference
    Push-Location -LiteralPath $Application
    try {
        $env:PYTHONUTF8 = '1'
        [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
        # Windows PowerShell turns lines of standard error into error records; they are text here.
        $ErrorActionPreference = 'Continue'
        & $Python -m installer @Argument 2>&1 | ForEach-Object -Process { Write-RoutingMLLog -Message ([string]$_) }
        return [int]$LASTEXITCODE
    }
    finally {
        $ErrorActionPreference = $preference
        [Console]::OutputEncoding = $encoding
        $env:PYTHONUTF8 = $before
        Pop-Location
    }
}

function Get-RoutingMLSetting {
    <#
    .SYNOPSIS
    The value of a setting in the installation's .env; empty when it is not set there.
    .PARAMETER EnvFile
    Path of the .env file.
    .PARAMETER Name
    Name of the setting, such as ROUTING_ML_GATEWAY_PORT.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$EnvFile,
        [Parameter(Mandatory = $true)][string]$Name
    )
    if (-not (Test-Path -LiteralPath $EnvFile)) { return '' }
    $value = ''
    foreach ($line in (Get-Content -LiteralPath $EnvFile -Encoding UTF8)) {
        if ($line -match ('^\s*' + [regex]::Escape($Name) + '\s*=\s*(.*)$')) {
            $value = $Matches[1].Trim().Trim('"').Trim("'")
        }
    }
    return $value
}

function Get-RoutingMLServiceState {
    <#
    .SYNOPSIS
    The services with their state, start mode, account and process, in the order in which they start.
    #>
    [CmdletBinding()]
    [OutputType([psobject[]])]
    param()
    $found = @(Get-CimInstance -ClassName Win32_Service -Filter "Name LIKE 'RoutingML-%'")
    $states = foreach ($name in (Get-RoutingMLServiceName)) {
        $service = $found | Where-Object -FilterScript { $_.Name -eq $name } | Select-Object -First 1
        if ($service) {
            [pscustomobject]@{
                Name = $name; Installed = $true; State = $service.State; StartMode = $service.StartMode
                Account = $service.StartName; ProcessId = [int]$service.ProcessId
            }
        }
        else {
            [pscustomobject]@{ Name = $name; Installed = $false; State = ''; StartMode = ''; Account = ''; ProcessId = 0 }
        }
    }
    return [psobject[]]@($states)
}

function Register-RoutingMLService {
    <#
    .SYNOPSIS
    Register a service through WinSW and give it its own virtual account. Nothing is done twice.
    .DESCRIPTION
    WinSW cannot set virtual accounts (it registers the service as LocalSystem), so the account is set by sc.exe before the first start.
    .PARAMETER Name
    Name of the service.
    .PARAMETER ServicesFolder
    Folder with <Name>.exe (a copy of WinSW) and <Name>.xml.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][string]$ServicesFolder
    )
    $account = "NT SERVICE\$Name"
    $present = Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
    if (-not $present) {
        if (-not $PSCmdlet.ShouldProcess($Name, 'Register the service')) { return }
        & (Join-Path -Path $ServicesFolder -ChildPath "$Name.exe") install
        if ($LASTEXITCODE -ne 0) { throw "WinSW could not register $Name (exit code $LASTEXITCODE)" }
        $present = Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
    }
    if ($present.StartName -ne $account -and $PSCmdlet.ShouldProcess($Name, "Run as $account")) {
        & sc.exe config $Name obj= $account | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "The account of $Name could not be set to $account (exit code $LASTEXITCODE of sc.exe)" }
        & sc.exe sidtype $Name unrestricted | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "The SID type of $Name could not be set (exit code $LASTEXITCODE of sc.exe)" }
    }
}

function Start-RoutingMLService {
    <#
    .SYNOPSIS
    Start services in order and wait until each runs.
    .PARAMETER Name
    Names, in order.
    .PARAMETER TimeoutSeconds
    How long to wait for each.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string[]]$Name,
        [ValidateRange(1, 3600)][int]$TimeoutSeconds = 120
    )
    foreach ($one in $Name) {
        $service = Get-Service -Name $one
        if ($service.Status -eq 'Running' -or -not $PSCmdlet.ShouldProcess($one, 'Start the service')) { continue }
        $service | Start-Service
        $service.WaitForStatus('Running', [TimeSpan]::FromSeconds($TimeoutSeconds))
        Write-RoutingMLLog -Message "$one runs."
    }
}

function Stop-RoutingMLService {
    <#
    .SYNOPSIS
    Stop services in the opposite order, each letting its requests in flight finish, and wait until each has stopped.
    .PARAMETER Name
    Names, in the order in which they start.
    .PARAMETER TimeoutSeconds
    How long to wait for each.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string[]]$Name,
        [ValidateRange(1, 3600)][int]$TimeoutSeconds = 60
    )
    $reversed = @($Name)
    [array]::Reverse($reversed)
    foreach ($one in $reversed) {
        $service = Get-Service -Name $one -ErrorAction SilentlyContinue
        if (-not $service -or $service.Status -eq 'Stopped') { continue }
        if (-not $PSCmdlet.ShouldProcess($one, 'Stop the service')) { continue }
        Stop-Service -InputObject $service -Force -NoWait
        $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds($TimeoutSeconds))
        Write-RoutingMLLog -Message "$one has stopped."
    }
}

function Set-RoutingMLRight {
    <#
    .SYNOPSIS
    Give every service the least rights it needs on the data folder, and nobody else any. Replaces what was set before.
    .PARAMETER DataRoot
    Folder of settings, state, models and logs.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param([Parameter(Mandatory = $true)][string]$DataRoot)
    $full = @('*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F') # LocalSystem and Administrators, whatever they are called here
    if ($PSCmdlet.ShouldProcess($DataRoot, 'Take inherited rights away; full control for administrators')) {
        Invoke-RoutingMLIcacls -Path $DataRoot -Argument (@('/inheritance:r', '/grant:r') + $full)
    }
    $seen = @('.')
    foreach ($right in (Get-RoutingMLTable).rights) {
        $path = $DataRoot
        if ($right.path -ne '.') { $path = Join-Path -Path $DataRoot -ChildPath $right.path }
        if (-not (Test-Path -LiteralPath $path)) {
            if ($right.kind -eq 'file') { continue }
            if ($PSCmdlet.ShouldProcess($path, 'Make the folder')) { New-Item -ItemType Directory -Path $path -Force | Out-Null }
        }
        if ($seen -notcontains $right.path -and $PSCmdlet.ShouldProcess($path, 'Forget former rights')) {
            Invoke-RoutingMLIcacls -Path $path -Argument @('/reset')
        }
        $seen += $right.path
        $spread = ''
        if ($right.scope -eq 'tree') { $spread = '(OI)(CI)' }
        $grants = @()
        foreach ($service in $right.read) { $grants += ('NT SERVICE\{0}:{1}RX' -f $service, $spread) }
        foreach ($service in $right.modify) { $grants += ('NT SERVICE\{0}:{1}M' -f $service, $spread) }
        if ($grants.Count -and $PSCmdlet.ShouldProcess($path, "Grant $($grants -join ', ')")) {
            Invoke-RoutingMLIcacls -Path $path -Argument (@('/grant') + $grants)
        }
    }
}

function Invoke-RoutingMLIcacls {
    <#
    .SYNOPSIS
    Run icacls.exe on a path and fail when it does.
    .PARAMETER Path
    File or folder.
    .PARAMETER Argument
    Arguments after the path.
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][string[]]$Argument
    )
    $said = & icacls.exe $Path @Argument '/q'
    if ($LASTEXITCODE -ne 0) { throw "The rights of $Path could not be set: $($said -join ' ')" }
}

function Set-RoutingMLFirewall {
    <#
    .SYNOPSIS
    Open the HTTPS port, and only that. The other ports are bound to this machine and get no rule.
    .PARAMETER Port
    Port of HTTPS.
    .PARAMETER Remove
    Take the rule away instead.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [ValidateRange(1, 65535)][int]$Port = 443,
        [switch]$Remove
    )
    $name = (Get-RoutingMLTable).firewall_rule
    $rule = Get-NetFirewallRule -Name $name -ErrorAction SilentlyContinue
    if ($Remove) {
        if ($rule -and $PSCmdlet.ShouldProcess($name, 'Remove the firewall rule')) { $rule | Remove-NetFirewallRule }
        return
    }
    if ($rule) {
        $present = ($rule | Get-NetFirewallPortFilter).LocalPort
        if ([string]$present -eq [string]$Port) { return }
        if ($PSCmdlet.ShouldProcess($name, "Open port $Port instead of $present")) {
            $rule | Set-NetFirewallRule -Protocol TCP -LocalPort $Port
        }
        return
    }
    if ($PSCmdlet.ShouldProcess($name, "Open port $Port for HTTPS in the domain and private networks")) {
        New-NetFirewallRule -Name $name -DisplayName 'Routing ML (HTTPS)' -Direction Inbound -Action Allow -Protocol TCP `
            -LocalPort $Port -Profile @('Domain', 'Private') | Out-Null
    }
}

Export-ModuleMember -Function @(
    'Get-RoutingMLExitCode', 'Get-RoutingMLTable', 'Get-RoutingMLServiceName', 'Get-RoutingMLLayout', 'Start-RoutingMLLog',
    'Write-RoutingMLLog', 'Write-RoutingMLEvent', 'Test-RoutingMLAdministrator', 'Find-RoutingMLPython', 'Invoke-RoutingMLInstaller',
    'Get-RoutingMLSetting', 'Get-RoutingMLServiceState', 'Register-RoutingMLService', 'Start-RoutingMLService',
    'Stop-RoutingMLService', 'Set-RoutingMLRight', 'Set-RoutingMLFirewall'
)
