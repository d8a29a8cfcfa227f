<#
.SYNOPSIS
Tell why an Access file can or cannot be read: drivers and bitness, Python, connection, share, rights, lock file, and one verdict.

.DESCRIPTION
Looks at everything between the service and the file, without changing anything, and ends with one sentence that says what is wrong and
what to do. For tables and columns run `routing-ml access diagnose FILE` afterwards.

Exit codes: 0 the file can be read, 1 it cannot, 2 wrong usage, 3 Routing ML is not installed here and no Python was named.

.PARAMETER Path
The Access file, as the service sees it: services know no drive letters of users, so name a share by \\server\share.

.PARAMETER Python
python.exe that is to read the file; default: that of the installation.

.PARAMETER Service
Service whose account has to be able to read the file.

.PARAMETER Json
Write one JSON document.

.EXAMPLE
.\diagnose-access.ps1 -Path '\\files\plant\ROUTING.accdb'
#>
[CmdletBinding()]
[OutputType([void])]
param(
    [Parameter(Mandatory = $true)][string]$Path,
    [string]$Python = '',
    [ValidateSet('RoutingML-Aggregate', 'RoutingML-Trainer')][string]$Service = 'RoutingML-Aggregate',
    [switch]$Json
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

function Get-AccessDriver {
    <#
    .SYNOPSIS
    Names of the Access drivers of one bitness.
    .PARAMETER Bitness
    32 or 64.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param([Parameter(Mandatory = $true)][ValidateSet(32, 64)][int]$Bitness)
    $key = 'HKLM:\SOFTWARE\ODBC\ODBCINST.INI\ODBC Drivers'
    if ($Bitness -eq 32 -and [Environment]::Is64BitOperatingSystem) { $key = 'HKLM:\SOFTWARE\WOW6432Node\ODBC\ODBCINST.INI\ODBC Drivers' }
    if (-not (Test-Path -LiteralPath $key)) { return [string[]]@() }
    return [string[]]@((Get-Item -LiteralPath $key).Property | Where-Object -FilterScript { $_ -like 'Microsoft Access Driver*' } | Sort-Object)
}

function Get-OfficeBitness {
    <#
    .SYNOPSIS
    Bitness of an installed Office by its own word; empty when there is none.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    foreach ($key in @('HKLM:\SOFTWARE\Microsoft\Office\ClickToRun\Configuration', 'HKLM:\SOFTWARE\Microsoft\Office\16.0\Outlook')) {
        if (-not (Test-Path -LiteralPath $key)) { continue }
        $item = Get-ItemProperty -LiteralPath $key
        foreach ($name in @('Platform', 'Bitness')) {
            if ($item.PSObject.Properties[$name]) { return [string]$item.PSObject.Properties[$name].Value }
        }
    }
    return ''
}

function Get-PythonBitness {
    <#
    .SYNOPSIS
    Bitness of a Python: 32, 64, or 0 when it does not run.
    .PARAMETER Executable
    python.exe.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param([Parameter(Mandatory = $true)][string]$Executable)
    if (-not (Test-Path -LiteralPath $Executable -PathType Leaf)) { return 0 }
    $answer = & $Executable -c 'import struct; print(struct.calcsize(chr(80)) * 8)'
    if ($LASTEXITCODE -ne 0) { return 0 }
    return [int]$answer
}

function Test-DirectConnection {
    <#
    .SYNOPSIS
    Open the file without a DSN, with the Python that the services use; returns what went wrong, or an empty text.
    .PARAMETER Executable
    python.exe.
    .PARAMETER File
    The Access file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Executable,
        [Parameter(Mandatory = $true)][string]$File
    )
    $code = 'import sys, pyodbc; pyodbc.pooling = False; ' +
    'pyodbc.connect(''DRIVER={Microsoft Access Driver (*.mdb, *.accdb)};DBQ='' + sys.argv[1] + '';ReadOnly=1'', autocommit=True).close()'
    $preference = $ErrorActionPreference
    try {
        $ErrorActionPreference = 'Continue'
        $said = & $Executable -c $code $File 2>&1
        if ($LASTEXITCODE -eq 0) { return '' }
        return [string]($said | Select-Object -Last 1)
    }
    finally { $ErrorActionPreference = $preference }
}

function Get-ReadRight {
    <#
    .SYNOPSIS
    The accounts that the file's access control list lets read, and those it denies.
    .PARAMETER File
    The Access file.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param([Parameter(Mandatory = $true)][string]$File)
    $reading = [System.Security.AccessControl.FileSystemRights]::ReadData
    $rules = @((Get-Acl -LiteralPath $File).Access | Where-Object -FilterScript { ($_.FileSystemRights -band $reading) -eq $reading })
    return [string[]]@($rules | ForEach-Object -Process { '{0} {1}' -f $_.AccessControlType, $_.IdentityReference })
}

$layout = Get-RoutingMLLayout
if (-not $Python) { $Python = $layout.Python }
$bitness = Get-PythonBitness -Executable $Python
if (-not $bitness) {
    [Console]::Error.WriteLine("There is no Python at ${Python}: install Routing ML first, or name one with -Python")
    exit (Get-RoutingMLExitCode -Meaning 'NotInstalled')
}
$drivers64 = Get-AccessDriver -Bitness 64
$drivers32 = Get-AccessDriver -Bitness 32
$own = $drivers64
$other = $drivers32
if ($bitness -eq 32) { $own = $drivers32; $other = $drivers64 }
$package = 'AccessDatabaseEngine_X64.exe'
if ($bitness -eq 32) { $package = 'AccessDatabaseEngine.exe' }
$exists = $false
$reachable = $true
$share = ''
if ($Path.StartsWith('\\')) {
    $parts = $Path.TrimStart('\').Split('\')
    $share = '\\{0}\{1}' -f $parts[0], $parts[1]
    $reachable = Test-Path -LiteralPath $share
}
if ($reachable) { $exists = Test-Path -LiteralPath $Path -PathType Leaf }
$lockFile = [System.IO.Path]::ChangeExtension($Path, 'laccdb')
if ([System.IO.Path]::GetExtension($Path) -eq '.mdb') { $lockFile = [System.IO.Path]::ChangeExtension($Path, 'ldb') }
$locked = $false
$rights = [string[]]@()
$connection = 'not tried'
$account = ''
$present = Get-CimInstance -ClassName Win32_Service -Filter "Name='$Service'"
if ($present) { $account = $present.StartName }
if ($exists) {
    $locked = Test-Path -LiteralPath $lockFile
    $rights = Get-ReadRight -File $Path
    if ($own.Count) { $connection = Test-DirectConnection -Executable $Python -File $Path }
}
$onNetwork = $account
if ($share -and $account -like 'NT SERVICE\*') { $onNetwork = '{0}\{1}$ (this computer)' -f $env:USERDOMAIN, $env:COMPUTERNAME }

$ok = $false
if (-not $own.Count) {
    $verdict = "No $bitness-bit Access driver is installed for the $bitness-bit Python. Install the Microsoft Access Database Engine 2016 Redistributable, $package"
    if ($other.Count) { $verdict += ', with /quiet, because an Office or driver of the other bitness is installed' }
    $verdict += '.'
}
elseif (-not $reachable) { $verdict = "The share $share does not answer: check the file server, the network and the name." }
elseif (-not $exists) {
    $verdict = "There is no file ${Path}: check the path."
    if ($Path -match '^[A-Za-z]:' -and -not (Test-Path -LiteralPath ($Path.Substring(0, 2) + '\'))) {
        $verdict = "There is no drive $($Path.Substring(0, 2)) here: services do not see mapped drives of users, name the share as \\server\share."
    }
}
elseif ($connection -match 'exclusively|already in use|locked') {
    $verdict = "Another program has the file open exclusively: close it in Access, or open it there shared. Lock file: $lockFile."
}
elseif ($connection) { $verdict = "The driver cannot open the file: $connection" }
else {
    $ok = $true
    $verdict = "The file can be read by this account. The service $Service reads it as $onNetwork, which needs the right to read it, too."
}
$report = [pscustomobject][ordered]@{
    ok             = $ok
    verdict        = $verdict
    path           = $Path
    python         = $Python
    python_bitness = $bitness
    drivers_64     = $drivers64
    drivers_32     = $drivers32
    office         = Get-OfficeBitness
    share          = $share
    exists         = $exists
    connection     = $connection
    lock_file      = $locked
    service        = $Service
    account        = $account
    on_network     = $onNetwork
    rights         = $rights
}
if ($Json) { $report | ConvertTo-Json -Depth 4 } else { $report | Format-List }
if (-not $ok) { exit (Get-RoutingMLExitCode -Meaning 'Failed') }
exit (Get-RoutingMLExitCode -Meaning 'Done')
