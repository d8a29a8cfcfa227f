<#
.SYNOPSIS
Upgrade to the release that this script is part of: installed beside, database saved and migrated, switched, verified; taken back on failure.

.DESCRIPTION
An upgrade that was interrupted (power, a closed window) is taken back first. When a step fails, the former version is put back with its
database and started again. The steps are those of the Python package `installer`.
Exit codes: 0 done, 1 failed, 3 nothing is installed, 5 not an administrator, 10 it failed and the former version serves again.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Wheelhouse
Folder of wheels; default: the folder wheels of the unpacked release.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 of this machine.
.PARAMETER DatabaseSaved
The database is on PostgreSQL and has been saved with pg_dump.

.EXAMPLE
.\upgrade.ps1
.EXAMPLE
.\upgrade.ps1 -Wheelhouse D:\wheels -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [string]$Wheelhouse = '',
    [string]$Python = '',
    [switch]$DatabaseSaved
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
$source = Split-Path -Path $PSScriptRoot -Parent
$release = Split-Path -Path $source -Parent
if (-not (Test-Path -LiteralPath (Join-Path -Path $release -ChildPath 'release.json'))) { $release = $source }

if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Upgrading needs an administrator: start PowerShell with "Run as administrator".')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}
if (-not (Test-Path -LiteralPath $layout.EnvFile)) {
    [Console]::Error.WriteLine("Nothing is installed with the data folder $($layout.DataRoot): use install.ps1.")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}

try {
    Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'upgrade'
    $interpreter = Find-RoutingMLPython -Path $Python
    $arguments = @('install', '--program', $layout.ProgramRoot, '--data', $layout.DataRoot, '--release', $release)
    if ($Wheelhouse) { $arguments += @('--wheelhouse', $Wheelhouse) }
    if ($DatabaseSaved) { $arguments += '--database-saved' }
    if (-not $PSCmdlet.ShouldProcess($layout.ProgramRoot, "Upgrade to the release in $release with $interpreter")) {
        exit (Get-RoutingMLExitCode -Meaning 'Done')
    }
    $code = Invoke-RoutingMLInstaller -Python $interpreter -Application $source -Argument $arguments
    if ($code -eq 10) {
        Write-RoutingMLEvent -EventId 1100 -EntryType 'Warning' -Message 'The upgrade of Routing ML failed; the former version serves again.'
        exit (Get-RoutingMLExitCode -Meaning 'WentBack')
    }
    if ($code -ne 0) { throw "The upgrade failed with exit code $code; the lines above say why" }
    Set-RoutingMLRight -DataRoot $layout.DataRoot
    & (Join-Path -Path $PSScriptRoot -ChildPath 'register-training-task.ps1') -RightsOnly -DataRoot $layout.DataRoot -ProgramRoot $layout.ProgramRoot
    Write-RoutingMLEvent -EventId 1100 -Message 'Routing ML has been upgraded.'
    Write-RoutingMLLog -Message 'The upgrade is done.'
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    Write-RoutingMLLog -Level 'error' -Message ([string]$_.Exception.Message)
    Write-RoutingMLEvent -EventId 1100 -EntryType 'Error' -Message "The upgrade of Routing ML failed: $($_.Exception.Message)"
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
