<#
.SYNOPSIS
Upgrade to the release that this script is part of: installed beside, database saved and migrated, switched, verified; taken back on failure.

.DESCRIPTION
Looks first at what could be in the way, then shows its plan and carries it out. An upgrade that was interrupted (power, a closed window) is
taken back first. When a step fails, the former version is put back with its database, its services, rights and port, and started again.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing is installed, 5 not an administrator, 10 it failed and the former version serves again.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Wheelhouse
Folder of wheels; default: the folder wheels of the unpacked release.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.
.PARAMETER WinSW
WinSW-x64.exe; default: tools\WinSW-x64.exe of the unpacked release, else the one in use.
.PARAMETER Caddy
caddy.exe; default: tools\caddy.exe of the unpacked release, else the one in use.
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
    [string]$WinSW = '',
    [string]$Caddy = '',
    [switch]$DatabaseSaved
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'upgrade'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator -OfMachine
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
