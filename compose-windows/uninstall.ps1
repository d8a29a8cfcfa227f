<#
.SYNOPSIS
Remove the services, the firewall rule and the program. Settings, state, models and logs stay unless -RemoveData is given.

.DESCRIPTION
A second run does nothing more. Exit codes: 0 done, 1 failed, 5 not an administrator.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER RemoveData
Delete the data folder too: accounts, model versions, logs. Asks first.

.EXAMPLE
.\uninstall.ps1
.EXAMPLE
.\uninstall.ps1 -RemoveData -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param(
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [switch]$RemoveData
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Removing services needs an administrator: start PowerShell with "Run as administrator".')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}

try {
    Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'uninstall'
    $registered = @(Get-RoutingMLServiceState | Where-Object -FilterScript { $_.Installed } | ForEach-Object -Process { $_.Name })
    if ($registered.Count -and $PSCmdlet.ShouldProcess($registered -join ', ', 'Stop and remove the services')) {
        Stop-RoutingMLService -Name $registered -Confirm:$false
        foreach ($name in $registered) {
            & sc.exe delete $name | Out-Null
            if ($LASTEXITCODE -ne 0) { throw "$name could not be removed (exit code $LASTEXITCODE of sc.exe)" }
        }
    }
    foreach ($task in @((Get-RoutingMLTable).training_task, (Get-RoutingMLTable).watchdog_task)) {
        $found = Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue
        if ($found -and $PSCmdlet.ShouldProcess($task, 'Remove the scheduled task')) {
            Unregister-ScheduledTask -TaskName $task -Confirm:$false
        }
    }
    Set-RoutingMLFirewall -Remove -Confirm:$false
    if ((Test-Path -LiteralPath $layout.ProgramRoot) -and $PSCmdlet.ShouldProcess($layout.ProgramRoot, 'Delete the program')) {
        if (Test-Path -LiteralPath $layout.Current) { [System.IO.Directory]::Delete($layout.Current) } # the junction, not what it leads to
        Remove-Item -LiteralPath $layout.ProgramRoot -Recurse -Force
    }
    Write-RoutingMLEvent -EventId 1300 -EntryType 'Warning' -Message 'Routing ML has been removed.' -Confirm:$false
    Write-RoutingMLLog -Message "Routing ML is removed. Its data in $($layout.DataRoot) $(if ($RemoveData) { 'go too.' } else { 'stay.' })"
    if ($RemoveData -and $PSCmdlet.ShouldProcess($layout.DataRoot, 'Delete accounts, model versions and logs')) {
        Remove-Item -LiteralPath $layout.DataRoot -Recurse -Force
    }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    Write-RoutingMLLog -Level 'error' -Message ([string]$_.Exception.Message)
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
