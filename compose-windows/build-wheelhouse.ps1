<#
.SYNOPSIS
Collect the program, the built frontend and the wheels of all packages into one zip for machines without network.

.DESCRIPTION
Runs `python -m installer release` in this clone. Needs the network. Beside the zip are its sha256 and its bill of materials (CycloneDX).
Exit codes: 0 done, 1 failed.

.PARAMETER Platform
win_amd64 or linux_x86_64.
.PARAMETER PythonVersion
Versions of Python that the zip can be installed with.
.PARAMETER Output
Folder for the zip; default: var\releases.
.PARAMETER WinSW
WinSW-x64.exe to put in.
.PARAMETER Caddy
caddy.exe to put in.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.

.EXAMPLE
.\build-wheelhouse.ps1 -WinSW D:\WinSW-x64.exe -Caddy D:\caddy.exe
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [ValidateSet('win_amd64', 'linux_x86_64')][string]$Platform = 'win_amd64',
    [string[]]$PythonVersion = @('3.11', '3.12', '3.13'),
    [string]$Output = '',
    [string]$WinSW = '',
    [string]$Caddy = '',
    [string]$Python = ''
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'release'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -OfMachine
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
