<#
.SYNOPSIS
Check every version under models: required and optional artifacts, sizes, hashes; write a manifest where it is missing.

.DESCRIPTION
Goes through each folder under the models folder and compares it with the table of rules (artifact_rules.json, which the command
`routing-ml models check` reads too) and with its manifest.json. Nothing is renamed or deleted. A manifest is written only where there is
none and every required artifact is there; over an existing one only with -Force. Needs no Python.

Exit codes: 0 every version is complete, 1 something is wrong with one, 2 there is no models folder or no table of rules.

.PARAMETER Models
Folder with the versions; default: models in the data folder of the installation.

.PARAMETER Rules
The table of rules; default: that of the installation, else that of the release this script lies in.

.PARAMETER Force
Write manifests anew also where there is one. Its metadata are kept. Register the versions again afterwards.

.PARAMETER Json
Write one JSON document instead of a table.

.EXAMPLE
.\check-models.ps1
Check the installation's versions.

.EXAMPLE
.\check-models.ps1 -Models D:\models -WhatIf
Check another folder and only tell which manifests would be written.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
[OutputType([void])]
param(
    [string]$Models = '',
    [string]$Rules = '',
    [switch]$Force,
    [switch]$Json
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'RoutingML.psm1') -Force

function Find-RuleTable {
    <#
    .SYNOPSIS
    Path of the table of rules; empty when there is none.
    .PARAMETER Given
    Path that was given; wins.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string]$Given = '')
    $layout = Get-RoutingMLLayout
    $candidates = @(
        $Given
        (Join-Path -Path $layout.Application -ChildPath 'common\artifacts\artifact_rules.json')
        (Join-Path -Path $PSScriptRoot -ChildPath '..\common\artifacts\artifact_rules.json')
    )
    foreach ($candidate in $candidates) {
        if ($candidate -and (Test-Path -LiteralPath $candidate -PathType Leaf)) { return $candidate }
    }
    return ''
}

function Get-FileDigest {
    <#
    .SYNOPSIS
    sha256 of a file in lower-case hexadecimal digits; a file that an antivirus holds is tried again for a few seconds.
    .PARAMETER Path
    The file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $left = 10
    while ($true) {
        try { return (Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash.ToLowerInvariant() }
        catch [System.IO.IOException] {
            $left -= 1
            if ($left -le 0) { throw }
            Start-Sleep -Milliseconds 500
        }
    }
}

function Get-Property {
    <#
    .SYNOPSIS
    A property of an object read from JSON; $null when it has none of that name.
    .PARAMETER InputObject
    The object; may be $null.
    .PARAMETER Name
    Name of the property.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [AllowNull()][object]$InputObject,
        [Parameter(Mandatory = $true)][string]$Name
    )
    if ($null -eq $InputObject) { return $null }
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

function Get-ManifestEntry {
    <#
    .SYNOPSIS
    The artifacts that a manifest lists, by path with forward slashes. Throws when it is no manifest of a known kind.
    .PARAMETER Manifest
    The manifest as read from JSON.
    .PARAMETER Table
    The table of rules.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)][psobject]$Manifest,
        [Parameter(Mandatory = $true)][psobject]$Table
    )
    $schema = [string](Get-Property -InputObject $Manifest -Name 'schema_version')
    if ($schema -ne $Table.manifest_schema) { throw "its schema is $schema, not $($Table.manifest_schema)" }
    $entries = @{}
    foreach ($property in (Get-Property -InputObject $Manifest -Name 'artifacts').PSObject.Properties) {
        $path = ([string]$property.Value.path).Replace('\', '/')
        if ($path -match '(^/)|(:)|(^|/)\.\.(/|$)') { throw "artifact $($property.Name) lies outside the folder" }
        $entries[$path] = [pscustomobject]@{
            Name   = $property.Name
            Digest = ([string]$property.Value.sha256).ToLowerInvariant()
            Schema = [string](Get-Property -InputObject $property.Value -Name 'schema_version')
        }
    }
    return $entries
}

function Write-VersionManifest {
    <#
    .SYNOPSIS
    Write the manifest of a version: to a temporary name first, then to its own.
    .PARAMETER Path
    Path of the manifest.
    .PARAMETER Artifact
    Findings of the artifacts that are there.
    .PARAMETER Table
    The table of rules.
    .PARAMETER Former
    The manifest that is replaced; $null when there is none.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][object[]]$Artifact,
        [Parameter(Mandatory = $true)][psobject]$Table,
        [AllowNull()][object]$Former
    )
    if (-not $PSCmdlet.ShouldProcess($Path, 'Write the manifest')) { return $false }
    $listed = [ordered]@{}
    foreach ($one in $Artifact) {
        if (-not $listed.Contains($one.name)) {
            $listed[$one.name] = [ordered]@{ path = $one.path; sha256 = $one.sha256; schema_version = $one.schema }
        }
    }
    $roles = [ordered]@{}
    foreach ($role in $Table.roles.PSObject.Properties) {
        foreach ($name in $role.Value) {
            if ($listed.Contains($name)) { $roles[$role.Name] = $name; break }
        }
    }
    $metadata = [ordered]@{}
    $before = Get-Property -InputObject $Former -Name 'metadata'
    if ($null -ne $before) {
        foreach ($property in $before.PSObject.Properties) { $metadata[$property.Name] = $property.Value }
    }
    $metadata['written_by'] = 'model check'
    $document = [ordered]@{
        schema_version = $Table.manifest_schema
        generated_at   = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
        hash_algorithm = $Table.hash_algorithm
        artifacts      = $listed
        roles          = $roles
        metadata       = $metadata
    }
    $text = ($document | ConvertTo-Json -Depth 100) + "`n"
    $temporary = '{0}.tmp-{1}' -f $Path, $PID
    [System.IO.File]::WriteAllText($temporary, $text, (New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false))
    Move-Item -LiteralPath $temporary -Destination $Path -Force
    return $true
}

function Test-ModelFolder {
    <#
    .SYNOPSIS
    Check one version's folder.
    .PARAMETER Folder
    The folder.
    .PARAMETER Table
    The table of rules.
    .PARAMETER Force
    Write the manifest also where there is one.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([psobject])]
    param(
        [Parameter(Mandatory = $true)][System.IO.DirectoryInfo]$Folder,
        [Parameter(Mandatory = $true)][psobject]$Table,
        [switch]$Force
    )
    $path = Join-Path -Path $Folder.FullName -ChildPath $Table.manifest_file
    $problems = @()
    $state = 'missing'
    $former = $null
    $entries = @{}
    if (Test-Path -LiteralPath $path -PathType Leaf) {
        $state = 'present'
        try {
            $former = Get-Content -LiteralPath $path -Raw -Encoding UTF8 | ConvertFrom-Json
            $entries = Get-ManifestEntry -Manifest $former -Table $Table
        }
        catch {
            $state = 'invalid'
            $former = $null
            $entries = @{}
            if (-not $Force) { $problems += "The manifest $path cannot be used ($($_.Exception.Message)): write it again with -Force" }
        }
    }
    $wanted = @($Table.artifacts | ForEach-Object -Process {
            [pscustomobject]@{ Name = $_.name; Path = $_.path; Schema = $_.schema_version; Required = [bool]$_.required }
        })
    $known = @($wanted | ForEach-Object -Process { $_.Path })
    foreach ($listedPath in @($entries.Keys | Sort-Object)) {
        if ($known -notcontains $listedPath) {
            $wanted += [pscustomobject]@{
                Name = $entries[$listedPath].Name; Path = $listedPath; Schema = $entries[$listedPath].Schema; Required = $false
            }
        }
    }
    $artifacts = @()
    $lacking = @()
    foreach ($rule in $wanted) {
        $file = Join-Path -Path $Folder.FullName -ChildPath $rule.Path.Replace('/', '\')
        $entry = $entries[$rule.Path]
        $found = [ordered]@{
            name = $rule.Name; path = $rule.Path; required = $rule.Required; present = $false; bytes = 0; sha256 = ''; manifest = ''
            schema = $rule.Schema
        }
        if (Test-Path -LiteralPath $file -PathType Leaf) {
            $found.present = $true
            try {
                $found.bytes = (Get-Item -LiteralPath $file).Length
                $found.sha256 = Get-FileDigest -Path $file
            }
            catch {
                $problems += "$file cannot be read ($($_.Exception.Message)): let this account read it"
            }
            if ($null -ne $former -and $found.sha256) {
                $found.manifest = 'not listed'
                if ($null -ne $entry) {
                    $found.manifest = 'listed'
                    if ($entry.Digest -ne $found.sha256) {
                        $found.manifest = 'changed'
                        $problems += "$file is not the file that the manifest lists: restore it from a backup, or write the manifest again with -Force"
                    }
                }
            }
        }
        elseif ($rule.Required) { $lacking += $rule.Path }
        elseif ($null -ne $entry) {
            $problems += "$file is missing and the manifest lists it: restore it from a backup, or train again"
        }
        $artifacts += [pscustomobject]$found
    }
    if ($lacking.Count) { $problems = @("$($Folder.FullName) lacks $($lacking -join ', '): restore it from a backup, or train again") + $problems }
    if (-not $lacking.Count -and ($state -eq 'missing' -or $Force)) {
        $present = @($artifacts | Where-Object -FilterScript { $_.present -and $_.sha256 })
        try {
            if (Write-VersionManifest -Path $path -Artifact $present -Table $Table -Former $former) {
                if ($state -eq 'missing') { $state = 'written' } else { $state = 'rewritten' }
                $problems = @()
                foreach ($one in $present) { $one.manifest = 'listed' }
            }
            elseif ($state -eq 'missing') { $problems += "$($Folder.FullName) has no $($Table.manifest_file)" }
        }
        catch {
            $problems += "$path cannot be written ($($_.Exception.Message)): let this account write there, or adopt the folder"
        }
    }
    $bytes = [long]0
    foreach ($one in $artifacts) { $bytes += [long]$one.bytes }
    return [pscustomobject][ordered]@{
        version   = $Folder.Name
        folder    = $Folder.FullName
        ok        = ($problems.Count -eq 0)
        manifest  = $state
        bytes     = $bytes
        artifacts = @($artifacts | Select-Object -Property @('name', 'path', 'required', 'present', 'bytes', 'sha256', 'manifest'))
        problems  = @($problems)
    }
}

if (-not $Models) { $Models = (Get-RoutingMLLayout).Models }
$ruleTable = Find-RuleTable -Given $Rules
if (-not $ruleTable) {
    [Console]::Error.WriteLine('There is no artifact_rules.json: name it with -Rules')
    exit (Get-RoutingMLExitCode -Meaning 'WrongUsage')
}
if (-not (Test-Path -LiteralPath $Models -PathType Container)) {
    [Console]::Error.WriteLine("There is no models folder ${Models}: name it with -Models")
    exit (Get-RoutingMLExitCode -Meaning 'WrongUsage')
}
$table = Get-Content -LiteralPath $ruleTable -Raw -Encoding UTF8 | ConvertFrom-Json
$folders = @(Get-ChildItem -LiteralPath $Models -Directory | Where-Object -FilterScript { -not $_.Name.StartsWith('.') } | Sort-Object -Property Name)
$findings = @(foreach ($folder in $folders) { Test-ModelFolder -Folder $folder -Table $table -Force:$Force })
$ok = @($findings | Where-Object -FilterScript { -not $_.ok }).Count -eq 0
if ($Json) {
    [pscustomobject][ordered]@{
        schema_version = 'routing-ml/model-check@1'
        models_dir     = $Models
        checked_at     = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
        ok             = $ok
        versions       = $findings
    } | ConvertTo-Json -Depth 10
}
else {
    $findings | Format-Table -AutoSize -Property @(
        @{ Label = 'OK'; Expression = { $_.ok } }
        @{ Label = 'Version'; Expression = { $_.version } }
        @{ Label = 'Required'; Expression = { @($_.artifacts | Where-Object -FilterScript { $_.required -and $_.present }).Count } }
        @{ Label = 'Optional'; Expression = { @($_.artifacts | Where-Object -FilterScript { -not $_.required -and $_.present }).Count } }
        @{ Label = 'MB'; Expression = { [math]::Round($_.bytes / 1048576, 1) } }
        @{ Label = 'Manifest'; Expression = { $_.manifest } }
    )
    foreach ($finding in $findings) {
        foreach ($problem in $finding.problems) { Write-Warning -Message ('{0}: {1}' -f $finding.version, $problem) }
    }
}
if (-not $ok) { exit (Get-RoutingMLExitCode -Meaning 'Failed') }
exit (Get-RoutingMLExitCode -Meaning 'Done')
