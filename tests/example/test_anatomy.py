"""The example's token page: what it shows of a token, and what flipping a character does."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from example_project.anatomy import (
    ALPHABET,
    MEANINGS,
    PART_NAMES,
    SHOWN,
    Claim,
    Flip,
    Part,
    claims_of,
    dissect,
    flip,
)

SIGNATURE = "A" * 43


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def token(payload: Any = None) -> str:
    """A token of the right shape; nobody here looks at the signature."""
    header = b64(b'{"alg":"HS256"}')
    return f"{header}.{b64(json.dumps(payload or {'sub': '1', 'exp': 60}).encode())}.{SIGNATURE}"


class TestDissect:
    def test_three_parts_with_their_names(self) -> None:
        """A token is cut at its dots."""
        assert [part.name for part in dissect("a.b.c")] == ["header", "payload", "signature"]

    @pytest.mark.parametrize("value", ["", "a", "a.b", "a.b.c.d", "...."])
    def test_anything_else_has_no_parts(self, value: str) -> None:
        """A value that is not a token is not shown at all."""
        assert dissect(value) == []

    def test_marks_the_flipped_character_in_its_own_part_only(self) -> None:
        """Position 1 of the payload is not position 1 of the header."""
        parts = dissect("abc.def.ghi", Flip("abc.def.ghi", "payload", 1, before="x", after="e"))
        assert [part.pieces for part in parts] == [
            ("abc", "", ""),
            ("d", "e", "f"),
            ("ghi", "", ""),
        ]


class TestPart:
    def test_most_of_the_signature_is_not_shown(self) -> None:
        """A page that printed a whole token would hand it to every script in that page."""
        signature = Part("signature", SIGNATURE)
        assert signature.shown == "A" * SHOWN
        assert signature.hidden == "•" * (43 - SHOWN)
        assert "".join(signature.pieces) == signature.shown

    @pytest.mark.parametrize("name", ["header", "payload"])
    def test_the_other_parts_are_shown(self, name: str) -> None:
        """They log nobody in."""
        assert Part(name, SIGNATURE).shown == SIGNATURE
        assert Part(name, SIGNATURE).hidden == ""

    def test_json_is_decoded_and_laid_out(self) -> None:
        """What the page shows is what the token says, letters of any script included."""
        part = Part("payload", b64('{"sub":"1","name":"Łucja"}'.encode()))
        assert part.decoded == {"sub": "1", "name": "Łucja"}
        assert part.readable == '{\n  "sub": "1",\n  "name": "Łucja"\n}'

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[1]",
            b'"text"',
            b'{"sub":',
            b'\xff\xfe{"sub":"1"}',
            b'{"sub":"\\ud800"}',
            b"[" * 100_000,
            b'{"exp":' + b"9" * 5000 + b"}",
        ],
        ids=["empty", "list", "text", "cut", "bytes", "half-pair", "deep", "long"],
    )
    def test_what_is_not_an_object_is_shown_as_text_that_a_page_can_hold(
        self, content: bytes
    ) -> None:
        """A flipped character makes anything of the JSON; the page still has to be sent."""
        part = Part("payload", b64(content))
        assert part.decoded is None
        assert isinstance(part.readable.encode(), bytes)

    def test_text_that_is_not_base64url_stands_for_nothing(self) -> None:
        """One character is six bits, which make no byte."""
        assert Part("payload", "A").raw == b""


class TestClaims:
    def test_stand_in_the_order_of_the_payload(self) -> None:
        """The table is read beside the JSON."""
        payload = dissect(token({"sub": "1", "exp": 60, "roles": []}))[1]
        assert [claim.name for claim in claims_of(payload)] == ["sub", "exp", "roles"]

    def test_of_a_broken_payload_there_are_none(self) -> None:
        """A payload that is not JSON any more has no table."""
        assert list(claims_of(Part("payload", "!!!!"))) == []

    @pytest.mark.parametrize("name", MEANINGS)
    def test_every_known_claim_is_explained(self, name: str) -> None:
        """Each has a sentence of its own."""
        assert Claim(name, 1).meaning != Claim("unheard-of", 1).meaning

    def test_values_are_shown_as_json(self) -> None:
        """Not as Python would write them."""
        assert Claim("roles", ["a", None, True]).json == '["a", null, true]'

    def test_times_are_seconds(self) -> None:
        """``NumericDate`` of RFC 7519, not JavaScript's milliseconds."""
        assert Claim("exp", 60).time == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("name", "value"), [("sub", 60), ("exp", "60"), ("exp", True), ("exp", 10**20)]
    )
    def test_other_values_are_no_times(self, name: str, value: Any) -> None:
        """A claim of another name or type, or a second that no calendar has."""
        assert Claim(name, value).time is None


class TestFlip:
    @pytest.mark.parametrize("name", PART_NAMES)
    def test_changes_one_shown_character_of_that_part(self, name: str) -> None:
        """Everything else stays, and the page can mark the one that changed."""
        before = token()
        result = flip(before, name)
        assert result is not None
        changed = [index for index in range(len(before)) if before[index] != result.token[index]]
        parts = {part.name: part for part in dissect(result.token, result)}
        assert len(changed) == 1
        assert len(result.token) == len(before)
        assert parts[name].pieces[1] == result.token[changed[0]] == result.after
        assert parts[name].text[result.number - 1] == result.after
        assert before[changed[0]] == result.before
        assert [part.name for part in parts.values() if part.flipped is not None] == [name]

    @pytest.mark.parametrize("name", PART_NAMES)
    def test_always_changes_the_bytes(self, name: str) -> None:
        """The last character may hold bits that no byte has; it is never the one."""
        for _ in range(200):
            result = flip(token(), name)
            assert result is not None
            parts = dissect(token()), dissect(result.token)
            index = PART_NAMES.index(name)
            assert parts[0][index].raw != parts[1][index].raw

    @pytest.mark.parametrize("character", [*ALPHABET, "!", "é", "\0"])
    def test_never_gives_the_same_character(self, character: str) -> None:
        """One of the alphabet becomes its neighbour, any other one of the alphabet."""
        result = flip(f"a.{character}x.c", "payload")
        assert result is not None
        assert result.token[2] in ALPHABET
        assert result.token[2] != character

    @pytest.mark.parametrize(
        ("value", "name"),
        [
            ("", "payload"),
            ("a.b", "payload"),
            ("aa.b.cc", "payload"),
            ("aa..cc", "payload"),
            ("aa.bb.cc", "tail"),
        ],
    )
    def test_where_there_is_nothing_to_flip(self, value: str, name: str) -> None:
        """No token, a part too short, or no such part."""
        assert flip(value, name) is None
