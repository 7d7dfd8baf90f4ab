# Installs Sotto from this folder, without a network. Needs nothing but Python: one of @PYTHONS@.
# powershell -ExecutionPolicy Bypass -File install.ps1 [--to DIR]; $env:PYTHON = "C:\path\to\python.exe" chooses the Python.
$pythons = @(@PYTHONS@)

function Test-Python($command) {
    if (-not (Get-Command $command -ErrorAction SilentlyContinue)) { return $false }
    $version = & $command -c "import sys; print('%d.%d' % sys.version_info[:2])" 2>$null
    return ($LASTEXITCODE -eq 0) -and ($pythons -contains $version)
}

$found = $null
$commands = if ($env:PYTHON) { @($env:PYTHON) } else { @("python", "python3") }
foreach ($command in $commands) {
    if (Test-Python $command) { $found = $command; break }
}
if (-not $found -and -not $env:PYTHON -and (Get-Command py -ErrorAction SilentlyContinue)) {
    foreach ($version in $pythons) {
        $path = & py "-$version" -c "import sys; print(sys.executable)" 2>$null
        if ($LASTEXITCODE -eq 0) { $found = $path; break }
    }
}
if (-not $found) {
    [Console]::Error.WriteLine("sotto: this bundle is for Python $pythons, and none of them was found; install one or set PYTHON.")
    exit 1
}
$env:PYTHONPATH = Join-Path $PSScriptRoot "wheels\@WHEEL@"
$env:PYTHONDONTWRITEBYTECODE = "1"
& $found -m sotto_lsp.commands.bundle.installation $PSScriptRoot @args
exit $LASTEXITCODE
