"""Keys and passwords. The fake ones are put together here, so that the repository holds none."""

import random
import string
import time

import pytest

from sotto_lsp.completion.filters.secret import secret
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.context.secrets import find_secrets, is_random


def letters(num, seed=1, alphabet=string.ascii_letters + string.digits):
    return "".join(random.Random(seed).choices(alphabet, k=num))


KEYS = {
    "aws": "AKIA" + letters(16, alphabet=string.ascii_uppercase + string.digits),
    "github": "ghp_" + letters(36),
    "github, fine": "github" + "_pat_" + letters(60),
    "gitlab": "glpat-" + letters(20),
    "slack": "xoxb-" + letters(12, alphabet=string.digits) + "-" + letters(24),
    "stripe": "sk_live_" + letters(24),
    "openai": "sk-proj-" + letters(48),
    "anthropic": "sk-ant-" + "api03-" + letters(80),
    "google": "AIza" + letters(35),
    "npm": "npm_" + letters(36),
    "pypi": "pypi-AgE" + letters(60),
    "hugging face": "hf_" + letters(34),
    "sendgrid": "SG." + letters(22) + "." + letters(43),
    "jwt": "eyJhbGci" + letters(12) + "." + letters(40) + "." + letters(20),
    "twilio": "AC" + letters(32, alphabet="0123456789abcdef"),
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "url": "postgres://admin:" + letters(12) + "@db",
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_key_is_not_suggested_from_any_place_in_it(kind, share):
    key = KEYS[kind]
    at = int(len(key) * share)
    prefix = f'headers = {{"Authorization": "Bearer {key[:at]}'
    assert secret(key[at:] + '"}', Surroundings(prefix, "")) == ""


@pytest.mark.parametrize("kind", KEYS)
def test_line_before_a_key_stays(kind):
    text = f'x = 1\nvalue = "{KEYS[kind]}"\ny = 2'
    assert secret(text, Surroundings("", "")) == "x = 1"


@pytest.mark.parametrize("name", ["password", "api_key", "SECRET_TOKEN", "db_passwd", "aws_secret_access_key"])
def test_random_value_with_a_telling_name_is_not_suggested(name):
    value = letters(20)
    assert secret(f'{name} = "{value}"', Surroundings("", "")) == ""
    assert secret(f'{value}"', Surroundings(f'config["{name}"] = "', "")) == ""
    assert secret(f'{value}"', Surroundings(f'headers = {{"{name}": "Bearer ', "")) == ""
    assert secret(f'value = "{value}"', Surroundings("", "")) != ""


def test_secret_of_the_document_is_not_copied():
    value = letters(24)
    document = f'password = "{value}"\n'
    for text in (f'x = "{value}"', value[5:], value[:10]):
        assert secret(text, Surroundings(document + "x = ", "")) == ""
        assert secret(text, Surroundings("x = ", "\n" + document)) == ""


def test_line_of_a_private_key_is_not_suggested():
    begin = "-----BEGIN RSA " + "PRIVATE KEY-----\n"
    assert secret(letters(64), Surroundings(begin + letters(64) + "\n", "")) == ""
    end = "-----END RSA " + "PRIVATE KEY-----\n"
    assert secret("x = 1", Surroundings(begin + letters(64) + "\n" + end, "")) == "x = 1"


@pytest.mark.parametrize(
    "text",
    [
        'password = "your-password-here1"',
        'api_key = os.environ["API_KEY_2"]',
        'token = "<token1234567>"',
        'secret = "changeme123"',
        'secret_path = "/run/secrets/db1"',
        'author = "Smith1990ab"',
        "self.hf_config = hf_model",
        "npm_install(sk_test_utils)",
        '"sk-learn"',
        '"sk-your-key-here"',
        "SG.add_edges_from(edges)",
        'password = get_password("user12345")',
        "task-list-of-2020",
        "disk-usage-report-for-2021",
        "self.token = self.read_token(number1)",
        'url = "https://example.org/a:b@c"',
        "tokens = tokenizer.encode(text1)",
    ],
)
def test_text_that_is_no_secret_stays(text):
    assert secret(text, Surroundings("", "")) == text


def test_random_values_and_words():
    assert all(is_random(letters(20, seed)) for seed in range(50) if any(map(str.isdigit, letters(20, seed))))
    assert not any(map(is_random, ["passwords", "PASSWORD_1", "aaaaaaaa", "11111111", "${PASSWORD}", "user1user1"]))


@pytest.mark.parametrize("part", ["a", "a.", "auth", "token ", "a://", "sk-", "eyJ", '"x', "SG.a"])
def test_search_takes_no_longer_in_a_hostile_text(part):
    text = part * (16384 // len(part))
    start = time.perf_counter()
    list(find_secrets(text))
    assert time.perf_counter() - start < 0.1


def test_no_secret_in_the_project_itself():
    assert list(find_secrets("def read(path: Path) -> str:\n    return path.read_text()\n" * 50)) == []
