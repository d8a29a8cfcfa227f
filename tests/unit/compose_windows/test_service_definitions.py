"""WinSW definitions, IIS rules and the table of services: only documented elements, and one set of names, folders and ports."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path, PureWindowsPath

import pytest

from common.settings import Settings
from gateway.security import PAGE_POLICY
from installer import service_table
from plant.blueprint import wrapper
from plant.export_folder import OWN_FOLDER
from plant.settings.sections import ExportSection

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "compose-windows"
TABLE = json.loads((FOLDER / "services.json").read_text(encoding="utf-8"))
NAMES = [service["name"] for service in TABLE["services"]]

WINSW_TEXT = {  # documented elements with text (WinSW 2.12, doc/xmlConfigFile.md): what their text may be
    "id": r"[A-Za-z0-9-]+",
    "name": r".+",
    "description": r".+",
    "executable": r".+",
    "arguments": r".+",
    "workingdirectory": r".+",
    "startmode": r"Boot|System|Automatic|Manual",
    "delayedAutoStart": r"true|false",
    "depend": r"[A-Za-z0-9-]+",
    "stoptimeout": r"\d+ ?(sec|secs|min|mins)",
    "stopparentprocessfirst": r"true|false",
    "priority": r"idle|belownormal|normal|abovenormal|high|realtime",
    "resetfailure": r"\d+ ?(sec|secs|min|mins|hour|hours|day|days)",
    "logpath": r".+",
}
WINSW_ATTRIBUTES = {
    "env": {"name": r"\w+", "value": r".+"},
    "onfailure": {"action": r"restart|reboot|none", "delay": r"\d+ (sec|secs|min|mins|hour|hours)"},
    "log": {"mode": r"append|reset|roll|none|roll-by-size|roll-by-time|roll-by-size-time"},
}


def definition(name: str) -> ElementTree.Element:
    return ElementTree.parse(FOLDER / "services" / f"{name}.xml").getroot()


def text(root: ElementTree.Element, tag: str) -> str:
    return root.findtext(tag) or ""


def seconds(delay: str) -> int:
    number, unit = delay.split()
    return int(number) * {"sec": 1, "min": 60}[unit.removesuffix("s")]


def test_there_is_one_definition_for_each_service_and_no_other() -> None:
    assert sorted(path.stem for path in (FOLDER / "services").glob("*.xml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_has_only_documented_elements_with_documented_values(name: str) -> None:
    root = definition(name)
    assert root.tag == "service"
    for element in root:
        if element.tag in WINSW_ATTRIBUTES:
            allowed = WINSW_ATTRIBUTES[element.tag]
            assert set(element.attrib) == set(allowed)
            for attribute, pattern in allowed.items():
                assert re.fullmatch(pattern, element.attrib[attribute]), (element.tag, attribute)
        else:
            assert element.tag in WINSW_TEXT, element.tag
            assert re.fullmatch(WINSW_TEXT[element.tag], element.text or ""), element.tag
            assert not element.attrib
    single = [element.tag for element in root if element.tag not in ("depend", "env", "onfailure")]
    assert len(single) == len(set(single))


@pytest.mark.parametrize("service", TABLE["services"], ids=NAMES)
def test_a_definition_agrees_with_the_table(service: dict[str, object]) -> None:
    root = definition(str(service["name"]))
    assert text(root, "id") == service["name"]
    assert [element.text for element in root.findall("depend")] == service["depends_on"]
    if service["package"]:
        assert text(root, "arguments") == f"-m {service['package']}"
        assert (ROOT / str(service["package"]) / "__main__.py").is_file()
        assert text(root, "executable") == r"%BASE%\..\current\venv\Scripts\python.exe"
        assert text(root, "workingdirectory") == r"%ProgramData%\RoutingML"  # where .env is
        assert {element.attrib["name"] for element in root.findall("env")} >= {"PYTHONUTF8", "PYTHONSAFEPATH"}
    else:
        assert r"%BASE%\..\current\app\compose-windows\Caddyfile" in text(root, "arguments")


@pytest.mark.parametrize("name", NAMES)
def test_a_service_starts_late_drains_and_is_started_again_with_growing_delay(name: str) -> None:
    root = definition(name)
    assert text(root, "startmode") == "Automatic"
    assert text(root, "delayedAutoStart") == "true"
    delays = [seconds(element.attrib["delay"]) for element in root.findall("onfailure")]
    assert delays == sorted(set(delays))
    assert len(delays) >= 3
    assert seconds(text(root, "stoptimeout")) > Settings(_env_file=None).stop_grace_seconds + 5
    assert root.find("serviceaccount") is None  # WinSW registers virtual accounts as LocalSystem: the scripts set them


@pytest.mark.parametrize("name", NAMES)
def test_what_a_service_said_when_it_crashed_outlives_its_restart(name: str) -> None:
    log = definition(name).find("log")
    assert log is not None
    assert log.attrib["mode"] not in ("reset", "none")


def test_services_start_after_those_they_depend_on() -> None:
    for position, service in enumerate(TABLE["services"]):
        assert set(service["depends_on"]) <= set(NAMES[:position])


def test_every_right_is_of_a_service_on_a_folder_that_the_software_uses() -> None:
    used = {".", ".env", "var", "models", "logs", "caddy"}
    settings = Settings(_env_file=None, state_dir=Path("var"))
    parts = (
        settings.run_path,
        settings.secrets_path,
        settings.snapshots_path,
        settings.derived_path,
        settings.deltas_path,
        settings.versions_path,
    )
    own = (
        settings.state_dir / wrapper.FOLDER,
        settings.state_dir / OWN_FOLDER,
        settings.secrets_path / "service.secret",
    )
    used |= {str(PureWindowsPath(path.as_posix())) for path in (*parts, *own)}
    for right in TABLE["rights"]:
        assert right["path"] in used
        assert right["kind"] in ("file", "folder")
        assert right["scope"] in ("this", "tree")
        assert set(right["read"]) | set(right["modify"]) <= set(NAMES)
        assert not set(right["read"]) & set(right["modify"])


def granted(service: str, path: str) -> str:
    """What the table gives a service on a path: modify, read or nothing."""
    place, found = PureWindowsPath(path), ""
    for right in TABLE["rights"]:
        here = PureWindowsPath(right["path"])
        if here == place or (right["scope"] == "tree" and here in place.parents):
            for level in ("read", "modify"):
                found = level if service in right[level] and found != "modify" else found
    return found


@pytest.mark.parametrize("service", ["RoutingML-Auth", "RoutingML-Aggregate"])
def test_who_writes_exports_and_files_for_the_erp_may_write_where_they_go(service: str) -> None:
    for folder in (OWN_FOLDER, f"{OWN_FOLDER}\\exports"):
        assert granted(service, f"var\\{folder}") == "modify"


@pytest.mark.parametrize("service", [service for service in TABLE["services"] if service["package"]], ids=str)
def test_a_service_may_read_every_folder_that_its_program_names(service: dict[str, str]) -> None:
    settings = Settings(_env_file=None, state_dir=Path("var"), log_dir=Path("logs"))
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / service["package"]).rglob("*.py"))
    named = {name for name in re.findall(r"settings\.(\w+_path)\b", text) if isinstance(getattr(settings, name), Path)}
    assert named
    refused = [name for name in named if not granted(service["name"], str(getattr(settings, name)).replace("/", "\\"))]
    assert refused == []


@pytest.mark.parametrize("service", [service for service in TABLE["services"] if service["package"]], ids=str)
def test_who_fetches_versions_may_write_where_they_are_kept(service: dict[str, str]) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / service["package"]).rglob("*.py"))
    fetches = "VersionCache.of(" in text
    assert (granted(service["name"], r"var\versions\v1\index.faiss") == "modify") == fetches


def test_aggregate_may_write_its_exports_and_what_it_tells_changes_by() -> None:
    exports = PureWindowsPath("var") / ExportSection().export_directory
    assert granted("RoutingML-Aggregate", str(exports)) == "modify"
    assert granted("RoutingML-Aggregate", r"var\deltas\v1.npz") == "modify"
    assert granted("RoutingML-Aggregate", r"var\routing.db") == ""


def test_only_the_control_plane_may_change_accounts_and_only_the_trainer_models() -> None:
    changing = {
        path: {name for right in TABLE["rights"] if right["path"] == path for name in right["modify"]}
        for path in ("var", "models", ".env", ".")
    }
    assert changing == {"var": {"RoutingML-Auth"}, "models": {"RoutingML-Trainer"}, ".env": set(), ".": set()}
    readers = {name for right in TABLE["rights"] if right["path"] == ".env" for name in right["read"]}
    assert "RoutingML-Caddy" not in readers


def test_each_address_setting_of_the_table_is_a_setting() -> None:
    known = {f"ROUTING_ML_{name.upper()}" for name in Settings.model_fields}
    assert {service["address_setting"] for service in TABLE["services"] if service["address_setting"]} <= known


def test_another_data_folder_is_written_into_a_definition_as_xml_wants_it() -> None:
    source = (FOLDER / "services" / "RoutingML-Auth.xml").read_text(encoding="utf-8")
    data = Path('D:/공장 & "서버"')
    made = ElementTree.fromstring(service_table.definition(source, data))
    assert made.findtext("workingdirectory") == str(data)
    assert "%ProgramData%" not in ElementTree.tostring(made, encoding="unicode")


def test_every_name_in_documents_and_scripts_is_a_known_one() -> None:
    known = {*NAMES, TABLE["firewall_rule"], TABLE["training_task"], TABLE["watchdog_task"]}
    files = [*FOLDER.glob("*.ps*1"), FOLDER / "Caddyfile", FOLDER / "web.config", *ROOT.glob("docs/**/*.md")]
    for path in files:
        found = set(re.findall(r"RoutingML-[A-Z][A-Za-z]+", path.read_text(encoding="utf-8")))
        assert found <= known, (path, found - known)


# --- IIS ---

IIS = ElementTree.parse(FOLDER / "web.config").getroot()
IIS_SCHEMA = {  # parent: children (IIS_schema.xml, rewrite_schema.xml), as far as web.config uses them
    "configuration": {"system.webServer", "location"},
    "location": {"system.webServer"},
    "system.webServer": {"rewrite", "security", "httpProtocol", "staticContent", "urlCompression"},
    "rewrite": {"rules", "outboundRules"},
    "rules": {"rule"},
    "outboundRules": {"rule"},
    "rule": {"match", "conditions", "serverVariables", "action"},
    "conditions": {"add"},
    "serverVariables": {"set"},
    "security": {"requestFiltering"},
    "requestFiltering": {"requestLimits"},
    "httpProtocol": {"customHeaders"},
    "customHeaders": {"add", "remove"},
    "staticContent": {"clientCache"},
}


def iis_rule(path: str, *, is_file: bool = False) -> str:
    """What web.config does with a path (without its first slash, as URL Rewrite sees it): where it is rewritten to, or the status."""
    for rule in IIS.findall("./system.webServer/rewrite/rules/rule"):
        matched = re.match(rule.find("match").attrib["url"], path, re.IGNORECASE)  # type: ignore[union-attr]
        condition = rule.find("conditions/add")
        if not matched or (condition is not None and is_file):
            continue
        action = rule.find("action")
        assert action is not None
        return action.attrib.get("statusCode") or action.attrib["url"].replace("{R:0}", matched.group(0))
    return "static"


def test_web_config_has_only_elements_of_the_schema_and_unique_rule_names() -> None:
    for parent in IIS.iter():
        for child in parent:
            assert child.tag in IIS_SCHEMA.get(parent.tag, set()), (parent.tag, child.tag)
    rules = [rule.attrib["name"] for rule in IIS.iter("rule")]
    assert len(rules) == len(set(rules))
    for action in IIS.iter("action"):
        assert action.attrib["type"] in ("Rewrite", "Redirect", "CustomResponse", "AbortRequest", "None")


@pytest.mark.parametrize(
    ("path", "is_file", "expected"),
    [
        ("api/predict", False, "http://127.0.0.1:8000/api/predict"),
        ("api/system/events", False, "http://127.0.0.1:8000/api/system/events"),
        ("health", False, "http://127.0.0.1:8000/health"),
        ("docs/ko/index.html", False, "http://127.0.0.1:8000/docs/ko/index.html"),
        ("openapi.json", False, "http://127.0.0.1:8000/openapi.json"),
        ("metrics", False, "404"),
        ("", False, "/index.html"),
        ("routing/groups", False, "/index.html"),
        ("apiary", False, "/index.html"),
        ("favicon.svg", True, "static"),
        ("assets/main-1a2b.js", True, "static"),
        ("assets/gone.js", False, "static"),
    ],
)
def test_iis_sends_each_path_where_it_belongs(path: str, is_file: bool, expected: str) -> None:
    assert iis_rule(path, is_file=is_file) == expected


def test_caddy_announces_no_protocol_that_the_rule_of_the_firewall_keeps_out() -> None:
    rule = (FOLDER / "RoutingML.psm1").read_text(encoding="utf-8")
    caddy = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    assert "-Protocol TCP" in rule
    assert "UDP" not in rule
    assert re.search(r"\bprotocols h1 h2\n", caddy)  # h3 is UDP


def test_both_proxies_send_the_gateways_own_page_policy_and_the_same_limit() -> None:
    caddy = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    policies = [
        element.attrib["value"]
        for element in IIS.iter("add")
        if element.attrib.get("name") == "Content-Security-Policy"
    ]
    assert policies == [PAGE_POLICY]
    assert f'Content-Security-Policy "{PAGE_POLICY}"' in caddy
    limit = next(IIS.iter("requestLimits")).attrib["maxAllowedContentLength"]
    assert int(limit) == 10_000_000
    assert "max_size 10MB" in caddy
    assert int(limit) > Settings(_env_file=None).max_body_bytes
