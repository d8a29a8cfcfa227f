<#
.SYNOPSIS
Check every version under models: required and optional artifacts, sizes, hashes; write a manifest where it is missing.

.DESCRIPTION
Runs `routing-ml models check` with the Python of the installation: each folder under the models folder is compared with the table of rules
and with its manifest.json. Nothing is renamed or deleted. A manifest is written only where there is none and every required artifact is
there and can be read; over an existing one only with -Force.

Exit codes: 0 every version is complete, 1 something is wrong with one, 2 there is no models folder or no table of rules.

.PARAMETER Models
Folder with the versions; default: models in the data folder of the installation.

.PARAMETER Rules
Another table of rules than the program's.

.PARAMETER Force
Write manifests anew also where there is one. Its metadata are kept. Register the versions again afterwards.

.PARAMETER Json
Write one JSON document instead of a table.

.PARAMETER DataRoot
Folder of settings, state, models and logs; default: that of the installation.

.PARAMETER ProgramRoot
Folder of the program; default: that of the installation.

.PARAMETER Python
python.exe that has the packages; default: that of the installation.

.EXAMPLE
.\check-models.ps1
Check the installation's versions.

.EXAMPLE
.\check-models.ps1 -Models D:\models -WhatIf
Check another folder and only tell which manifests would be written.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([string])]
param(
    [string]$Models = '',
    [string]$Rules = '',
    [switch]$Force,
    [switch]$Json,
    [string]$DataRoot = '',
    [string]$ProgramRoot = '',
    [string]$Python = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'check-models'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code)
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
