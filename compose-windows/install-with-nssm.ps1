<#
.SYNOPSIS
Register the services with NSSM instead of WinSW, where the plant uses NSSM already.

.DESCRIPTION
Runs after the program has been placed (python -m installer install --no-start). Gives each service the same account, dependencies, delays
and stop as the WinSW definitions. A second run changes nothing but what differs. Rights and firewall: Set-RoutingMLRight and
Set-RoutingMLFirewall of RoutingML.psm1, which this script calls. Exit codes: 0 done, 1 failed, 3 nothing is installed, 5 not an administrator.

.PARAMETER Nssm
Path of nssm.exe (2.24 or newer).
.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER HttpsPort
Port that the firewall opens.
.PARAMETER UseIis
IIS is the proxy: no Caddy service is registered.

.EXAMPLE
.\install-with-nssm.ps1 -Nssm D:\nssm.exe -UseIis -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)][string]$Nssm,
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [ValidateRange(1, 65535)][int]$HttpsPort = 443,
    [switch]$UseIis
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

function Invoke-RoutingMLNssm {
    <#
    .SYNOPSIS
    Run nssm.exe and fail when it does.
    .PARAMETER Argument
    Its arguments.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param([Parameter(Mandatory = $true)][string[]]$Argument)
    if (-not $PSCmdlet.ShouldProcess($Argument -join ' ', 'Run nssm')) { return }
    $said = & $Nssm @Argument
    if ($LASTEXITCODE -ne 0) { throw "nssm $($Argument -join ' ') failed: $($said -join ' ')" }
}

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
if (-not (Test-RoutingMLAdministrator)) { exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator') }
if (-not (Test-Path -LiteralPath $layout.Python)) {
    [Console]::Error.WriteLine("Routing ML is not in $($layout.ProgramRoot): run python -m installer install --no-start first.")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
try {
    Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'install-with-nssm'
    $names = Get-RoutingMLServiceName -WithoutProxy:$UseIis
    foreach ($service in ((Get-RoutingMLTable).services | Where-Object -FilterScript { $names -contains $_.name })) {
        $name = $service.name
        $program = $layout.Python
        $parameters = "-m $($service.package)"
        $folder = $layout.DataRoot
        if (-not $service.package) {
            $program = Join-Path -Path $layout.Services -ChildPath 'caddy.exe'
            $folder = $layout.Caddy
            $config = Join-Path -Path $layout.Application -ChildPath 'compose-windows\Caddyfile'
            $settings = Join-Path -Path $layout.Caddy -ChildPath 'caddy.env'
            $parameters = 'run --config "{0}" --adapter caddyfile --envfile "{1}"' -f $config, $settings
        }
        if (-not (Get-Service -Name $name -ErrorAction SilentlyContinue)) { Invoke-RoutingMLNssm -Argument @('install', $name, $program) }
        Invoke-RoutingMLNssm -Argument @('set', $name, 'AppParameters', $parameters)
        Invoke-RoutingMLNssm -Argument @('set', $name, 'AppDirectory', $folder)
        $variables = @('PYTHONUTF8=1', 'PYTHONSAFEPATH=1')
        if ($name -eq 'RoutingML-Auth') { $variables += "ROUTING_ML_ADMIN_PASSWORD_FILE=$(Join-Path -Path $layout.State -ChildPath 'first-administrator.txt')" }
        Invoke-RoutingMLNssm -Argument (@('set', $name, 'AppEnvironmentExtra') + $variables)
        Invoke-RoutingMLNssm -Argument @('set', $name, 'Start', 'SERVICE_DELAYED_AUTO_START')
        if ($service.depends_on.Count) { Invoke-RoutingMLNssm -Argument (@('set', $name, 'DependOnService') + @($service.depends_on)) }
        Invoke-RoutingMLNssm -Argument @('set', $name, 'AppStopMethodConsole', '30000')
        Invoke-RoutingMLNssm -Argument @('set', $name, 'AppThrottle', '60000')
        Invoke-RoutingMLNssm -Argument @('set', $name, 'AppRestartDelay', '5000')
        Invoke-RoutingMLNssm -Argument @('set', $name, 'ObjectName', "NT SERVICE\$name", '')
    }
    Set-RoutingMLRight -DataRoot $layout.DataRoot
    Set-RoutingMLFirewall -Port $HttpsPort
    Start-RoutingMLService -Name $names
    Set-RoutingMLRight -DataRoot $layout.DataRoot
    Write-RoutingMLEvent -EventId 1000 -Message 'Routing ML is registered with NSSM.'
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    Write-RoutingMLLog -Level 'error' -Message ([string]$_.Exception.Message)
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
