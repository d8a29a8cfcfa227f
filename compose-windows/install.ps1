<#
.SYNOPSIS
Install Routing ML as Windows services, or bring an installation in order. A second run does nothing twice.

.DESCRIPTION
Puts the program beside former versions, makes its Python environment (without network when there is a wheelhouse), migrates the
database, registers the services under their own accounts, gives them the least rights, opens the HTTPS port and starts everything.
An installed older version is left to upgrade.ps1. What the script does is logged in <DataRoot>\logs\scripts and the event log.
Exit codes: 0 done, 1 failed, 2 wrong usage, 5 not an administrator.

.PARAMETER Site
Names that browsers use, such as https://routing.plant.local.
.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Wheelhouse
Folder of wheels; default: the folder wheels of the unpacked release. Nothing is fetched from a network then.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 of this machine.
.PARAMETER WinSW
WinSW-x64.exe 2.12; default: tools\WinSW-x64.exe of the unpacked release.
.PARAMETER Caddy
caddy.exe; default: tools\caddy.exe of the unpacked release.
.PARAMETER Certificate
PEM file of a certificate for the site; default: certificates by Caddy's own authority.
.PARAMETER CertificateKey
PEM file of its key.
.PARAMETER HttpsPort
Port that the firewall opens.
.PARAMETER UseIis
IIS is the proxy (web.config): no Caddy service is registered.

.EXAMPLE
.\install.ps1 -Site https://routing.plant.local
.EXAMPLE
.\install.ps1 -Site https://routing.plant.local -Wheelhouse D:\wheels -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)][string]$Site,
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [string]$Wheelhouse = '',
    [string]$Python = '',
    [string]$WinSW = '',
    [string]$Caddy = '',
    [string]$Certificate = '',
    [string]$CertificateKey = '',
    [ValidateRange(1, 65535)][int]$HttpsPort = 443,
    [switch]$UseIis
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

$layout = Get-RoutingMLLayout -ProgramRoot $ProgramRoot -DataRoot $DataRoot
$source = Split-Path -Path $PSScriptRoot -Parent
$release = Split-Path -Path $source -Parent
if (-not (Test-Path -LiteralPath (Join-Path -Path $release -ChildPath 'release.json'))) { $release = $source }

function Copy-RoutingMLTool {
    <#
    .SYNOPSIS
    Copy WinSW beside every service definition, and caddy.exe; a file that is the same stays.
    .PARAMETER From
    Program to copy.
    .PARAMETER To
    Where it goes.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)][string]$From,
        [Parameter(Mandatory = $true)][string]$To
    )
    $same = (Test-Path -LiteralPath $To) -and ((Get-FileHash -LiteralPath $From).Hash -eq (Get-FileHash -LiteralPath $To).Hash)
    if (-not $same -and $PSCmdlet.ShouldProcess($To, "Copy $From")) { Copy-Item -LiteralPath $From -Destination $To -Force }
}

function Show-RoutingMLFirstAdministrator {
    <#
    .SYNOPSIS
    Show the first administrator's random password once, and delete the file that it is in.
    .PARAMETER State
    The state folder.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([void])]
    param([Parameter(Mandatory = $true)][string]$State)
    $file = Join-Path -Path $State -ChildPath 'first-administrator.txt'
    if ((Test-Path -LiteralPath $file) -and $PSCmdlet.ShouldProcess($file, 'Show the first password and delete the file')) {
        $password = (Get-Content -LiteralPath $file -Encoding UTF8 | Select-Object -First 1)
        Remove-Item -LiteralPath $file
        [Console]::Out.WriteLine("First administrator: password $password (shown this once, not logged; see ROUTING_ML_ADMIN_EMAIL)")
    }
}

if (-not (Test-RoutingMLAdministrator)) {
    [Console]::Error.WriteLine('Installing services needs an administrator: start PowerShell with "Run as administrator".')
    exit (Get-RoutingMLExitCode -Meaning 'NeedsAdministrator')
}
if ($Certificate -and -not $CertificateKey) {
    [Console]::Error.WriteLine('-Certificate needs -CertificateKey.')
    exit (Get-RoutingMLExitCode -Meaning 'WrongUsage')
}
if (-not $WinSW) { $WinSW = Join-Path -Path $release -ChildPath 'tools\WinSW-x64.exe' }
if (-not $Caddy) { $Caddy = Join-Path -Path $release -ChildPath 'tools\caddy.exe' }
$needed = @($WinSW)
if (-not $UseIis) { $needed += $Caddy }
foreach ($tool in $needed) {
    if (-not (Test-Path -LiteralPath $tool)) {
        [Console]::Error.WriteLine("$tool is missing: tools\README.txt of the release says where it is from.")
        exit (Get-RoutingMLExitCode -Meaning 'WrongUsage')
    }
}

try {
    Start-RoutingMLLog -DataRoot $layout.DataRoot -Name 'install'
    $interpreter = Find-RoutingMLPython -Path $Python
    $names = Get-RoutingMLServiceName -WithoutProxy:$UseIis
    $arguments = @('install', '--program', $layout.ProgramRoot, '--data', $layout.DataRoot, '--release', $release, '--no-start', '--site', $Site)
    if ($Wheelhouse) { $arguments += @('--wheelhouse', $Wheelhouse) }
    if ($Certificate) { $arguments += @('--certificate', $Certificate, '--certificate-key', $CertificateKey) }
    $active = Split-Path -Path ([string](Get-Item -LiteralPath $layout.Current -ErrorAction SilentlyContinue | Select-Object -ExpandProperty Target)) -Leaf -ErrorAction SilentlyContinue
    $marker = Select-String -LiteralPath (Join-Path -Path $source -ChildPath 'common\__init__.py') -Pattern '__version__ = "(.+)"'
    $version = $marker.Matches[0].Groups[1].Value
    if ($active -and $active -ne $version) {
        Write-RoutingMLLog -Level 'error' -Message "Version $active is installed: use upgrade.ps1 to go to $version."
        exit (Get-RoutingMLExitCode -Meaning 'WrongUsage')
    }
    if ($PSCmdlet.ShouldProcess($layout.ProgramRoot, "Install version $version with $interpreter")) {
        $code = Invoke-RoutingMLInstaller -Python $interpreter -Application $source -Argument $arguments
        if ($code -ne 0) { throw "The installation of the program failed with exit code $code; the lines above say why" }
    }
    foreach ($name in $names) { Copy-RoutingMLTool -From $WinSW -To (Join-Path -Path $layout.Services -ChildPath "$name.exe") }
    if (-not $UseIis) { Copy-RoutingMLTool -From $Caddy -To (Join-Path -Path $layout.Services -ChildPath 'caddy.exe') }
    foreach ($name in $names) { Register-RoutingMLService -Name $name -ServicesFolder $layout.Services }
    Set-RoutingMLRight -DataRoot $layout.DataRoot
    Set-RoutingMLFirewall -Port $HttpsPort
    Start-RoutingMLService -Name $names
    Set-RoutingMLRight -DataRoot $layout.DataRoot
    if ($PSCmdlet.ShouldProcess('the gateway', 'Wait until it serves')) {
        $verify = @('verify', '--program', $layout.ProgramRoot, '--data', $layout.DataRoot)
        $code = Invoke-RoutingMLInstaller -Python $layout.Python -Application $layout.Application -Argument $verify
        if ($code -ne 0) { throw "The services run, but the gateway does not serve (exit code $code): see $($layout.Logs)" }
    }
    Show-RoutingMLFirstAdministrator -State $layout.State
    Write-RoutingMLEvent -EventId 1000 -Message "Routing ML $version is installed in $($layout.ProgramRoot)."
    Write-RoutingMLLog -Message "Routing ML $version is installed and serves at $Site."
    exit (Get-RoutingMLExitCode -Meaning 'Done')
}
catch {
    Write-RoutingMLLog -Level 'error' -Message ([string]$_.Exception.Message)
    Write-RoutingMLEvent -EventId 1000 -EntryType 'Error' -Message "The installation of Routing ML failed: $($_.Exception.Message)"
    exit (Get-RoutingMLExitCode -Meaning 'Failed')
}
