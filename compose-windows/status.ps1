<#
.SYNOPSIS
Show the services with their accounts, the installed versions, and whether predictions are possible.

.DESCRIPTION
Changes nothing. Exit codes: 0 all services run and the gateway answers, 1 not, 3 nothing is installed.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER AsJson
One JSON object instead of a table.
.PARAMETER UseIis
IIS is the proxy: the Caddy service is not expected; default: as the installation was made.

.EXAMPLE
.\status.ps1
.EXAMPLE
.\status.ps1 -AsJson
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [switch]$AsJson,
    [switch]$UseIis
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'status'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code)
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
