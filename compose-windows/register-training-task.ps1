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
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

function ConvertTo-XmlText {
    <#
    .SYNOPSIS
    A text as it may stand in XML.
    .PARAMETER Text
    The text.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text)
    return [System.Security.SecurityElement]::Escape($Text)
}

function Get-TrainingTaskXml {
    <#
    .SYNOPSIS
    The definition of the task. XML, because the cmdlets know no monthly trigger.
    .PARAMETER Layout
    Where everything of the installation is.
    .PARAMETER Months
    Names of the months.
    .PARAMETER DayOfMonth
    Day of the month.
    .PARAMETER Time
    Time of the day, HH:mm.
    .PARAMETER User
    Account; empty: NETWORK SERVICE.
    .PARAMETER Label
    Part of the versions' names.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][psobject]$Layout,
        [Parameter(Mandatory = $true)][string[]]$Months,
        [Parameter(Mandatory = $true)][int]$DayOfMonth,
        [Parameter(Mandatory = $true)][string]$Time,
        [string]$User = '',
        [Parameter(Mandatory = $true)][string]$Label
    )
    $runner = Join-Path -Path $Layout.Application -ChildPath 'compose-windows\run-training.ps1'
    $arguments = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "{0}" -Label {1} -DataRoot "{2}" -ProgramRoot "{3}"' -f @(
        $runner, $Label, $Layout.DataRoot, $Layout.ProgramRoot
    )
    $monthNodes = ($Months | ForEach-Object -Process { "<$_ />" }) -join ''
    $principal = '<UserId>S-1-5-20</UserId><RunLevel>LeastPrivilege</RunLevel><ProcessTokenSidType>Unrestricted</ProcessTokenSidType>'
    if ($User) {
        $principal = '<UserId>{0}</UserId><LogonType>Password</LogonType><RunLevel>LeastPrivilege</RunLevel>' -f (ConvertTo-XmlText -Text $User)
    }
    $begin = '{0}-01T{1}:00' -f (Get-Date).ToString('yyyy-MM'), $Time
    return @"
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Trains a version of Routing ML; the result is in the event log (source RoutingML, 2000 to 2002).</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>$begin</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByMonth>
        <DaysOfMonth><Day>$DayOfMonth</Day></DaysOfMonth>
        <Months>$monthNodes</Months>
      </ScheduleByMonth>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Trainer">$principal</Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <WakeToRun>false</WakeToRun>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Trainer">
    <Exec>
      <Command>powershell.exe</Command>
      <Arguments>$(ConvertTo-XmlText -Text $arguments)</Arguments>
      <WorkingDirectory>$(ConvertTo-XmlText -Text $Layout.DataRoot)</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"@
}

function Get-TaskIdentity {
    <#
    .SYNOPSIS
    Who gets the rights: the account, or the security identifier of the task, in the form that icacls.exe takes.
    .PARAMETER TaskName
    Name of the task.
    .PARAMETER User
    Account; empty: the task's own identifier.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$TaskName,
        [string]$User = ''
    )
    if ($User) { return $User }
    $said = & schtasks.exe /showsid /tn $TaskName
    if ($LASTEXITCODE -ne 0 -or [string]$said -notmatch '(S-1-5-87(-\d+)+)') {
        throw "schtasks.exe does not tell the security identifier of the task ${TaskName}: $said"
    }
    return '*' + $Matches[1]
}

function Grant-TrainingRight {
    <#
    .SYNOPSIS
    Give the task the rights that the table of services gives the trainer.
    .PARAMETER Identity
    Who gets them.
    .PARAMETER Root
    Folder of settings, state, models and logs.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$Identity,
        [Parameter(Mandatory = $true)][string]$Root
    )
    foreach ($right in (Get-RoutingMLTable).rights) {
        $level = ''
        if ($right.modify -contains 'RoutingML-Trainer') { $level = 'M' }
        elseif ($right.read -contains 'RoutingML-Trainer') { $level = 'RX' }
        if (-not $level) { continue }
        $path = $Root
        if ($right.path -ne '.') { $path = Join-Path -Path $Root -ChildPath $right.path }
        if (-not (Test-Path -LiteralPath $path)) { continue }
        $spread = ''
        if ($right.scope -eq 'tree') { $spread = '(OI)(CI)' }
        if ($PSCmdlet.ShouldProcess($path, "Grant $Identity $level")) {
            $said = & icacls.exe $path '/grant' ('{0}:{1}{2}' -f $Identity, $spread, $level) '/q'
            if ($LASTEXITCODE -ne 0) { throw "The rights of $path could not be set: $($said -join ' ')" }
        }
    }
}

if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Run this in a PowerShell that was started as administrator.')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}
$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
$name = (Get-RoutingMLTable).training_task
if ($Remove) {
    $task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
    if ($task -and $PSCmdlet.ShouldProcess($name, 'Remove the scheduled task')) { $task | Unregister-ScheduledTask -Confirm:$false }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
if ($RightsOnly) {
    $task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
    if ($task -and $PSCmdlet.ShouldProcess($layout.DataRoot, 'Give the task its rights again')) {
        $user = ''
        if ($task.Principal.UserId -like '*$') { $user = $task.Principal.UserId }
        Grant-TrainingRight -Identity (Get-TaskIdentity -TaskName $name -User $user) -Root $layout.DataRoot
    }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
if (-not (Test-Path -LiteralPath $layout.Application -PathType Container)) {
    [Console]::Error.WriteLine("Routing ML is not installed at $($layout.Application): run install.ps1 first")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'register-training-task'
$months = @('January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December')
if ($Interval -eq 'Quarterly') { $months = @('January', 'April', 'July', 'October') }
$xml = Get-TrainingTaskXml -Layout $layout -Months $months -DayOfMonth $Day -Time $At -User $Account -Label $Interval.ToLowerInvariant()
if ($PSCmdlet.ShouldProcess($name, "Register the task, $Interval on day $Day at $At")) {
    Register-ScheduledTask -TaskName $name -Xml $xml -Force | Out-Null
    Grant-TrainingRight -Identity (Get-TaskIdentity -TaskName $name -User $Account) -Root $layout.DataRoot
    Write-RoutingMLLog -Message "The task $name trains $($Interval.ToLowerInvariant()) on day $Day at $At."
    Write-RoutingMLEvent -EventId 2003 -Message "The task $name is registered: $Interval, day $Day, $At."
}
exit (Get-RoutingMLExitCode -Meaning 'Done')
