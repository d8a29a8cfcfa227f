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
IIS is the proxy: the Caddy service is not expected.

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
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-Path -LiteralPath $layout.Python)) {
    [Console]::Error.WriteLine("Routing ML is not installed in $($layout.ProgramRoot).")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
try {
    $expected = Get-RoutingMLServiceName -WithoutProxy:$UseIis
    $services = @(Get-RoutingMLServiceState | Where-Object -FilterScript { $expected -contains $_.Name })
    Push-Location -LiteralPath $layout.Application
    try {
        $said = & $layout.Python -m installer status --program $layout.ProgramRoot --data $layout.DataRoot '--json'
    }
    finally { Pop-Location }
    $versions = ($said -join "`n") | ConvertFrom-Json
    $stopped = @($services | Where-Object -FilterScript { $_.State -ne 'Running' })
    $foreign = @($services | Where-Object -FilterScript { $_.Installed -and $_.Account -ne "NT SERVICE\$($_.Name)" })
    if ($AsJson) {
        [pscustomobject]@{ services = $services; installation = $versions } | ConvertTo-Json -Depth 5
    }
    else {
        $services | Format-Table -AutoSize
        $versions | Format-List
    }
    foreach ($service in $foreign) { Write-Warning -Message "$($service.Name) runs as $($service.Account); run install.ps1 again" }
    if ($stopped.Count -or -not $versions.answers) { exit (Get-RoutingMLExitCode -Meaning 'Failed') }
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    [Console]::Error.WriteLine([string]$_.Exception.Message)
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
