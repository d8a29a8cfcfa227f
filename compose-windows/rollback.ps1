<#
.SYNOPSIS
Let the version of the program that ran before the last upgrade run again, the schema of the database included.

.DESCRIPTION
What was written since the upgrade is kept: the migrations of the newer version are taken back one by one, after the database was saved.
After an upgrade that was interrupted, the version that ran before it runs again, and no older one. To go back to an older model version, use
`routing-ml models rollback` instead.
Exit codes: 0 done, 1 failed, 3 nothing is installed, 5 not an administrator, 10 it failed and the newer version serves again.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Version
Installed version to go to; default: the one before.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.
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
    [string]$Python = '',
    [switch]$DatabaseSaved
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'rollback'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator -OfMachine
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
