<#
.SYNOPSIS
Run one training and write its result to the event log. The scheduled task runs this.

.DESCRIPTION
Calls train_build_index.py --save-dir models\<time>-<label> with the Python of the installation, in the data folder, whose .env it reads.
Whether the version becomes active is the activation policy of the settings (never, when the gate passes, always). The exit code is that of
train_build_index.py: 0 done, 3 the source cannot be used, 4 another training runs, 5 the disk cannot be written, 6 not registered,
7 not activated.

.PARAMETER Label
Part of the version's name.

.PARAMETER DataRoot
Folder of settings, state, models and logs.

.PARAMETER ProgramRoot
Folder of the program.

.EXAMPLE
.\run-training.ps1 -Label monthly
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([void])]
param(
    [ValidatePattern('^[A-Za-z0-9._-]{1,40}$')][string]$Label = 'scheduled',
    [string]$DataRoot = '',
    [string]$ProgramRoot = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'train'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code)
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
