<#
.SYNOPSIS
Restart services that run and do not answer; with -Register, do so every five minutes.

.DESCRIPTION
Asks every process (routing-ml watchdog). Of those services that Windows reports as running and that have not answered anything for the
patience it ends the processes, so that they are started again; the services that depend on them go on. A service that was stopped on purpose
stays stopped, one that crashed is started again by WinSW, one that has just been started is given time. Every restart is an event (source
RoutingML, 3000).

Exit codes: 0 every running service answers, 1 one was restarted or could not be, 3 not installed, 5 not an administrator.

.PARAMETER Patience
Seconds without any answer after which a process hangs.

.PARAMETER Register
Register the scheduled task RoutingML-Watchdog, which runs this as SYSTEM every five minutes.

.PARAMETER Remove
Remove that task.

.PARAMETER DataRoot
Folder of settings, state, models and logs.

.PARAMETER ProgramRoot
Folder of the program.

.EXAMPLE
.\watchdog.ps1 -Register
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([void])]
param(
    [ValidateRange(5, 600)][int]$Patience = 30,
    [switch]$Register,
    [switch]$Remove,
    [string]$DataRoot = '',
    [string]$ProgramRoot = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'watchdog'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
