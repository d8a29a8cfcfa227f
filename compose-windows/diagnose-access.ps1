<#
.SYNOPSIS
Tell why an Access file can or cannot be read: drivers and bitness, Python, connection, share, rights, lock file, and one verdict.

.DESCRIPTION
Looks at everything between the service and the file, without changing anything, and ends with one sentence that says what is wrong and
what to do. For tables and columns run `routing-ml access diagnose FILE` afterwards.

Exit codes: 0 the file can be read, 1 it cannot, 2 wrong usage, 3 Routing ML is not installed here and no Python was named.

.PARAMETER Path
The Access file, as the service sees it: services know no drive letters of users, so name a share by \\server\share.

.PARAMETER Python
python.exe that is to read the file; default: that of the installation.

.PARAMETER Service
Service whose account has to be able to read the file.

.PARAMETER Json
Write one JSON document.

.PARAMETER DataRoot
Folder of settings, state, models and logs; default: that of the installation.

.PARAMETER ProgramRoot
Folder of the program; default: that of the installation.

.EXAMPLE
.\diagnose-access.ps1 -Path '\\files\plant\ROUTING.accdb'
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([string])]
param(
    [Parameter(Mandatory = $true)][string]$Path,
    [string]$Python = '',
    [ValidateSet('RoutingML-Aggregate', 'RoutingML-Trainer')][string]$Service = 'RoutingML-Aggregate',
    [switch]$Json,
    [string]$DataRoot = '',
    [string]$ProgramRoot = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'diagnose-access'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code)
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
