<#
.SYNOPSIS
Restart services that run and do not answer; with -Register, do so every five minutes.

.DESCRIPTION
Asks every process (routing-ml watchdog) and restarts those services that Windows reports as running and that have not answered anything
for the patience. A service that was stopped on purpose stays stopped, one that crashed is started again by WinSW. Every restart is an event
(source RoutingML, 3000).

Exit codes: 0 every running service answers, 1 one was restarted or could not be, 3 not installed, 5 not an administrator.

.PARAMETER Patience
Seconds without any answer after which a process hangs.

.PARAMETER Register
Register the scheduled task RoutingML-Watchdog, which runs this as SYSTEM every five minutes.

.PARAMETER Remove
Remove that task.

.PARAMETER DataRoot
Folder of settings, state, models and logs.

.PARAMETER ProgramRoot
Folder of the program.

.EXAMPLE
.\watchdog.ps1 -Register
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([void])]
param(
    [ValidateRange(5, 600)][int]$Patience = 30,
    [switch]$Register,
    [switch]$Remove,
    [string]$DataRoot = '',
    [string]$ProgramRoot = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

function Get-HangingPackage {
    <#
    .SYNOPSIS
    Packages of the processes that hang, by the word of routing-ml watchdog.
    .PARAMETER Layout
    Where everything of the installation is.
    .PARAMETER Seconds
    Seconds without any answer after which a process hangs.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        [Parameter(Mandatory = $true)][psobject]$Layout,
        [Parameter(Mandatory = $true)][int]$Seconds
    )
    Push-Location -LiteralPath $Layout.DataRoot
    try {
        $env:PYTHONUTF8 = '1'
        $answer = & $Layout.Python -m cli watchdog --json --patience $Seconds
    }
    finally { Pop-Location }
    if (-not $answer) { throw 'routing-ml watchdog told nothing: run routing-ml doctor' }
    return [string[]]@(($answer -join "`n" | ConvertFrom-Json).hanging | ForEach-Object -Process { $_.package } | Sort-Object -Unique)
}

$taskName = 'RoutingML-Watchdog'
$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Run this in a PowerShell that was started as administrator.')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}
if ($Remove) {
    $task = Get-ScheduledTask -TaskName $taskName -ErrorAction SilentlyContinue
    if ($task -and $PSCmdlet.ShouldProcess($taskName, 'Remove the scheduled task')) { $task | Unregister-ScheduledTask -Confirm:$false }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
if (-not (Test-Path -LiteralPath $layout.Python -PathType Leaf)) {
    [Console]::Error.WriteLine("Routing ML is not installed at $($layout.Current): run install.ps1 first")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
if ($Register) {
    $own = Join-Path -Path $layout.Application -ChildPath 'compose-windows\watchdog.ps1'
    $arguments = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "{0}" -Patience {1} -DataRoot "{2}" -ProgramRoot "{3}"' -f @(
        $own, $Patience, $layout.DataRoot, $layout.ProgramRoot
    )
    if ($PSCmdlet.ShouldProcess($taskName, 'Register the task, every five minutes')) {
        $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $arguments
        $trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 5)
        $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        $settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -StartWhenAvailable -ExecutionTimeLimit (New-TimeSpan -Minutes 15)
        Register-ScheduledTask -TaskName $taskName -Action $action -Trigger $trigger -Principal $principal -Settings $settings -Force | Out-Null
    }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
$hanging = Get-HangingPackage -Layout $layout -Seconds $Patience
$restarted = 0
foreach ($entry in (Get-RoutingMLTable).services) {
    if ($hanging -notcontains $entry.package) { continue }
    $service = Get-Service -Name $entry.name -ErrorAction SilentlyContinue
    if (-not $service -or $service.Status -ne 'Running') { continue }
    if (-not $PSCmdlet.ShouldProcess($entry.name, 'Restart the service, which does not answer')) { continue }
    $restarted += 1
    Write-RoutingMLEvent -EventId 3000 -EntryType 'Warning' -Message "$($entry.name) has not answered for $Patience s and is restarted."
    try { Restart-Service -InputObject $service -Force }
    catch {
        Write-RoutingMLEvent -EventId 3001 -EntryType 'Error' -Message "$($entry.name) could not be restarted: $($_.Exception.Message)"
    }
}
if ($restarted) { exit (Get-RoutingMLExitCode -Meaning 'Failed') }
exit (Get-RoutingMLExitCode -Meaning 'Done')
