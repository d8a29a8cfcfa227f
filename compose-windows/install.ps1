<#
.SYNOPSIS
Install Routing ML as Windows services, or bring an installation in order. A second run does nothing twice.

.DESCRIPTION
Looks first at everything that could be in the way (Python, rights, ports, disk, certificate, programs) and says each with its cure; then
shows its plan and carries it out: puts the program beside former versions, makes its Python environment (without network when there is a
wheelhouse), migrates the database, registers the services under their own accounts, gives them the least rights, opens the HTTPS port,
starts everything, and asks the site. A second run puts in order what differs. An installed older version is left to upgrade.ps1. What the
script does is logged in <DataRoot>\logs\scripts and the event log.
Exit codes: 0 done, 1 failed (the step is named), 2 wrong usage, 5 not an administrator.

.PARAMETER Site
Names that browsers use, such as https://routing.plant.local or https://routing.plant.local:8443; default: those of the installation.
.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Wheelhouse
Folder of wheels; default: the folder wheels of the unpacked release. Nothing is fetched from a network then.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.
.PARAMETER WinSW
WinSW-x64.exe 2.12; default: tools\WinSW-x64.exe of the unpacked release.
.PARAMETER Caddy
caddy.exe; default: tools\caddy.exe of the unpacked release.
.PARAMETER Certificate
PEM file of a certificate for the site; default: certificates by Caddy's own authority.
.PARAMETER CertificateKey
PEM file of its key, without a password.
.PARAMETER HttpsPort
Port that the firewall opens; default: that of -Site.
.PARAMETER UseIis
IIS is the proxy (web.config): no Caddy service is registered, one that is there is removed. Remembered; -UseIis:$false goes back to Caddy.
.PARAMETER Role
What this host among several is for: control, serving, gateway, training, or some of them; default: what was chosen before, else everything.
Remembered; naming all four goes back to everything.

.EXAMPLE
.\install.ps1 -Site https://routing.plant.local
.EXAMPLE
.\install.ps1 -Role serving
.EXAMPLE
.\install.ps1 -Site https://routing.plant.local -Wheelhouse D:\wheels -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Site = '',
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [string]$Wheelhouse = '',
    [string]$Python = '',
    [string]$WinSW = '',
    [string]$Caddy = '',
    [string]$Certificate = '',
    [string]$CertificateKey = '',
    [ValidateRange(1, 65535)][int]$HttpsPort = 443,
    [switch]$UseIis,
    [string[]]$Role = @()
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$code = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force -ErrorAction Stop
    $called = @{ Command = 'install'; Caller = $PSCmdlet; Bound = $PSBoundParameters; Preview = [bool]$WhatIfPreference }
    Invoke-RoutingML @called -ExitCode ([ref]$code) -Administrator -OfMachine
}
catch {
    $Host.UI.WriteErrorLine([string]$_.Exception.Message)
    $code = 1
}
exit $code
