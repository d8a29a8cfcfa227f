<#
.SYNOPSIS
Install Routing ML with NSSM instead of WinSW, where the plant uses NSSM already; or let NSSM run the services of an installation.

.DESCRIPTION
The same plan as install.ps1, with the same checks, rights, accounts and delays; only the program that runs the services differs. It is
copied beside them and remembered for upgrades and repairs. A second run puts in order what differs.
Exit codes: 0 done, 1 failed (the step is named), 2 wrong usage, 5 not an administrator.

.PARAMETER Nssm
Path of nssm.exe (2.24 or newer).
.PARAMETER Site
Names that browsers use, such as https://routing.plant.local; default: those of the installation.
.PARAMETER ProgramRoot
Folder of the program; default: C:\Program Files\RoutingML.
.PARAMETER DataRoot
Folder of settings, state, models and logs; default: C:\ProgramData\RoutingML.
.PARAMETER Wheelhouse
Folder of wheels; default: the folder wheels of the unpacked release.
.PARAMETER Python
python.exe to use; default: the newest 64-bit Python 3.11 to 3.13 that is installed on this machine for all users.
.PARAMETER Caddy
caddy.exe; default: tools\caddy.exe of the unpacked release.
.PARAMETER Certificate
PEM file of a certificate for the site; default: certificates by Caddy's own authority.
.PARAMETER CertificateKey
PEM file of its key, without a password.
.PARAMETER HttpsPort
Port that the firewall opens; default: that of -Site.
.PARAMETER UseIis
IIS is the proxy: no Caddy service is registered.
.PARAMETER Role
What this host among several is for: control, serving, gateway, training, or some of them; default: what was chosen before, else everything.
Remembered; naming all four goes back to everything.

.EXAMPLE
.\install-with-nssm.ps1 -Nssm D:\nssm.exe -UseIis -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)][string]$Nssm,
    [string]$Site = '',
    [string]$ProgramRoot = '',
    [string]$DataRoot = '',
    [string]$Wheelhouse = '',
    [string]$Python = '',
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
