"""A scene as JSON says the same of the same, whatever ids the platform gave out."""

from tests.pictures.scenes import Scene, normalised


def test_ids_are_numbered_as_they_appear() -> None:
    told = '"<@1442100000000000001>" "c1:0a1b2c3d4e5f:stop" "<@1442100000000000001>"'
    assert normalised(told) == '"<@id1>" "c1:id2:stop" "<@id1>"'


def test_a_moment_of_slacks_is_the_same_in_a_link() -> None:
    told = "1795948822.963289 http://127.0.0.1:4711/archives/C1/p1795948822963289"
    assert normalised(told) == "id1 https://chat.example/archives/C1/id1"


def test_words_and_numbers_of_people_stay() -> None:
    told = "3.141592 deadbeefcafe 2026-11-20 $0.0333 12 s"
    assert normalised(told) == "3.141592 deadbeefcafe 2026-11-20 $0.0333 12 s"


def test_a_scene_tells_what_is_shown_and_no_number_of_a_block() -> None:
    block = {
        "type": "section",
        "block_id": "b0000000abc",
        "text": {"type": "plain_text", "text": "Yes."},
    }
    scene = Scene("one", "slack", "Thread", ({"blocks": [block]},), opened=2)
    assert "block_id" not in scene.to_json()
    assert scene.settled().to_json() == scene.to_json()
