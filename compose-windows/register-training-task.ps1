<#
.SYNOPSIS
Register the scheduled training: monthly or quarterly, caught up after downtime, never twice at once, under an account of its own.

.DESCRIPTION
Makes or replaces the task that runs run-training.ps1, which trains a version and writes the result to the event log. Without -Account
the task runs as NETWORK SERVICE with a security identifier of its own, which alone gets the rights of the trainer on the data folder; on
the network it is this computer. A group managed service account is named as DOMAIN\name$. An upgrade keeps the task and its rights.
A second run with the same arguments changes nothing but the registration itself.

Exit codes: 0 done, 1 failed, 3 Routing ML is not installed, 5 not an administrator.

.PARAMETER Interval
Monthly, or Quarterly (January, April, July, October).

.PARAMETER Day
Day of the month, 1 to 28.

.PARAMETER At
Time of the day, HH:mm.

.PARAMETER Account
Group managed service account (DOMAIN\name$) to run as; empty: NETWORK SERVICE with a security identifier of the task.

.PARAMETER DataRoot
Folder of settings, state, models and logs.

.PARAMETER ProgramRoot
Folder of the program.

.PARAMETER Remove
Remove the task instead.

.PARAMETER RightsOnly
Only give the task that is registered its rights on the data folder again; upgrade.ps1 does so.

.EXAMPLE
.\register-training-task.ps1 -Interval Monthly -Day 1 -At 02:00

.EXAMPLE
.\register-training-task.ps1 -Interval Quarterly -Account 'PLANT\routing-train$' -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([void])]
param(
    [ValidateSet('Monthly', 'Quarterly')][string]$Interval = 'Monthly',
    [ValidateRange(1, 28)][int]$Day = 1,
    [ValidatePattern('^([01]\d|2[0-3]):[0-5]\d$')][string]$At = '02:00',
    [ValidatePattern('^$|^[^\\]+\\[^\\]+\$$')][string]$Account = '',
    [string]$DataRoot = '',
    [string]$ProgramRoot = '',
    [switch]$Remove,
    [switch]$RightsOnly
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'training-task'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
