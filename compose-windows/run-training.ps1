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
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-Path -LiteralPath $layout.Python -PathType Leaf)) {
    Write-RoutingMLEvent -EventId 2001 -EntryType 'Error' -Message "No training: there is no Python at $($layout.Python). Run install.ps1."
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
$version = '{0}-{1}' -f (Get-Date).ToString('yyyyMMdd-HHmmss'), $Label
$folder = Join-Path -Path $layout.Models -ChildPath $version
$script = Join-Path -Path $layout.Application -ChildPath 'train_build_index.py'
if (-not $PSCmdlet.ShouldProcess($folder, 'Train a version')) { exit (Get-RoutingMLExitCode -Meaning 'Done') }
Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'training'
Push-Location -LiteralPath $layout.DataRoot
$said = New-Object -TypeName System.Collections.Generic.List[string]
$preference = $ErrorActionPreference
try {
    $env:PYTHONUTF8 = '1'
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $ErrorActionPreference = 'Continue'
    & $layout.Python $script --save-dir $folder --version-label $Label --requested-by 'task scheduler' 2>&1 | ForEach-Object -Process {
        $said.Add([string]$_)
        if ($said.Count -gt 20) { $said.RemoveAt(0) }
    }
    $code = $LASTEXITCODE
}
finally {
    $ErrorActionPreference = $preference
    Pop-Location
}
$tail = $said -join "`r`n"
if ($code -eq 0) {
    Write-RoutingMLLog -Message "Training $version is done."
    Write-RoutingMLEvent -EventId 2000 -EntryType 'Information' -Message "Training $version is done.`r`n$tail"
}
elseif ($code -eq 4 -or $code -eq 7) {
    Write-RoutingMLLog -Level 'warning' -Message "Training $version ended with code $code."
    Write-RoutingMLEvent -EventId 2002 -EntryType 'Warning' -Message "Training $version ended with code $code.`r`n$tail"
}
else {
    Write-RoutingMLLog -Level 'error' -Message "Training $version failed with code $code."
    Write-RoutingMLEvent -EventId 2001 -EntryType 'Error' -Message "Training $version failed with code $code.`r`n$tail"
}
exit $code
