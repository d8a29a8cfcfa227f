<#
.SYNOPSIS
Let the version of the program that ran before the last upgrade run again, the schema of the database included.

.DESCRIPTION
What was written since the upgrade is kept: the migrations of the newer version are taken back one by one, after the database was saved.
An upgrade that was interrupted is taken back first. To go back to an older model version, use `routing-ml models rollback` instead.
Exit codes: 0 done, 1 failed, 3 nothing is installed, 5 not an administrator, 10 it failed and the newer version serves again.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Version
Installed version to go to; default: the one before.
.PARAMETER DatabaseSaved
The database is on PostgreSQL and has been saved with pg_dump.

.EXAMPLE
.\rollback.ps1
.EXAMPLE
.\rollback.ps1 -Version 1.0.0 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [string]$Version = '',
    [switch]$DatabaseSaved
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Going back needs an administrator: start PowerShell with "Run as administrator".')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}
if (-not (Test-Path -LiteralPath $layout.EnvFile)) {
    [Console]::Error.WriteLine("Nothing is installed with the data folder $($layout.DataRoot).")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}

try {
    Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'rollback'
    $interpreter = Find-RoutingMLPython
    $arguments = @('rollback', '--program', $layout.ProgramRoot, '--data', $layout.DataRoot)
    if ($Version) { $arguments += @('--to', $Version) }
    if ($DatabaseSaved) { $arguments += '--database-saved' }
    if (-not $PSCmdlet.ShouldProcess($layout.ProgramRoot, 'Let the former version run again')) {
        exit (Get-RoutingMLExitCode -Meaning 'Done')
    }
    $code = Invoke-RoutingMLInstaller -Python $interpreter -Application (Split-Path -Path $PSScriptRoot -Parent) -Argument $arguments
    if ($code -eq 10) { exit (Get-RoutingMLExitCode -Meaning 'WentBack') }
    if ($code -ne 0) { throw "Going back failed with exit code $code; the lines above say why" }
    Write-RoutingMLEvent -EventId 1200 -EntryType 'Warning' -Message 'Routing ML runs in its former version again.'
    Write-RoutingMLLog -Message 'The former version runs again.'
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    Write-RoutingMLLog -Level 'error' -Message ([string]$_.Exception.Message)
    Write-RoutingMLEvent -EventId 1200 -EntryType 'Error' -Message "Going back failed: $($_.Exception.Message)"
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
