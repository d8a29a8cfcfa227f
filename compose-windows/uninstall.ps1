<#
.SYNOPSIS
Remove the services, the scheduled tasks, the firewall rule and the program. Settings, state, models and logs stay unless -RemoveData is given.

.DESCRIPTION
Removes the installation that it lies in, else the one whose services are registered. Refuses while other programs run from it. A run that
stopped half-way is gone on with by the next one. Exit codes: 0 done or nothing to do, 1 failed (the step is named), 5 not an administrator.

.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.
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
    [string]$Python = '',
    [switch]$RemoveData
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'uninstall'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator -OfMachine
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
