"""Models do not get to say who they are, and nobody else is silenced."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.protocol.masking import mask_self_naming

MODELS = ["anthropic/claude-sonnet-4.5", "openai/gpt-5.1", "acme/zephyrus-2", "ollama/wizard:7b"]

LEAKS = [
    ("As Claude, I think so.", "As [a member], I think so."),
    ("as claude, I think so.", "as [a member], I think so."),
    ("As Claude I cannot.", "As [a member] I cannot."),
    ("Speaking as GPT-5.1, I disagree.", "Speaking as [a member], I disagree."),
    ("I'm GPT-4.", "I'm [a member]."),
    ("I’m Claude 3.5 Sonnet, so no.", "I’m [a member], so no."),
    ("I am **Claude**.", "I am **[a member]**."),
    ("Hi! I'm Claude, made by Anthropic.", "Hi! I'm [a member], made by [a member]."),
    (
        "I'm Claude, an AI assistant created by Anthropic. Yes.",
        "I'm [a member], an AI assistant created by [a member]. Yes.",
    ),
    ("I am Gemini\nHow can I help?", "I am [a member]\nHow can I help?"),
    ("I am OpenAI's GPT-4o-mini.", "I am [a member]'s [a member]."),
    (
        "As an AI model developed by OpenAI, I can't.",
        "As an AI model developed by [a member], I can't.",
    ),
    (
        "As a large language model trained by Google, I have no opinion.",
        "As a large language model trained by [a member], I have no opinion.",
    ),
    ("As an OpenAI model, I cannot.", "As an [a member] model, I cannot."),
    (
        "I am a large language model, trained by Google.",
        "I am a large language model, trained by [a member].",
    ),
    ("I'm an AI assistant named Claude.", "I'm an AI assistant named [a member]."),
    ("I am an assistant based on GPT-4.", "I am an assistant based on [a member]."),
    ("I'm a Claude model.", "I'm a [a member] model."),
    ("I was trained by DeepSeek.", "I was trained by [a member]."),
    ("I was created and trained by Mistral AI.", "I was created and trained by [a member]."),
    ("My name is Gemini.", "My name is [a member]."),
    ("You can call me Grok.", "You can call me [a member]."),
    ("You're talking to Qwen3-Max.", "You're talking to [a member]."),
    ("OpenAI trained me on text.", "[a member] trained me on text."),
    (
        "Anthropic, the company that made me, says so.",
        "[a member], the company that made me, says so.",
    ),
    ("My creators at Anthropic agree.", "My creators at [a member] agree."),
    ("I, Claude, would differ.", "I, [a member], would differ."),
    ("Answers from me (GPT-4) vary.", "Answers from me ([a member]) vary."),
    ("We at OpenAI believe so.", "We at [a member] believe so."),
    (
        "I'm ChatGPT, a large language model trained by OpenAI, based on GPT-4.",
        "I'm [a member], a large language model trained by [a member], based on [a member].",
    ),
    ("As Claude, an AI assistant, I can't.", "As [a member], an AI assistant, I can't."),
    ("As Grok (built by xAI), I can.", "As [a member] (built by [a member]), I can."),
    ("I'm Claude, an expert on Google.", "I'm [a member], an expert on Google."),
    ("I run on GPT-4.", "I run on [a member]."),
    ("This answer was written by Claude.", "This answer was written by [a member]."),
    ("First line\nClaude here: yes.", "First line\n[a member] here: yes."),
    ("Claude here: yes.", "[a member] here: yes."),
    ("I'm Zephyrus.", "I'm [a member]."),
    ("I am Zephyrus-2 by Acme.", "I am [a member] by [a member]."),
    ("I'm Wizard.", "I'm [a member]."),
    ("저는 클로드입니다.", "저는 [a member]입니다."),
    ("저는 Claude입니다.", "저는 [a member]입니다."),
    ("저는 구글의 제미나이입니다.", "저는 [a member]의 [a member]입니다."),
    ("저는 OpenAI에서 개발한 언어 모델입니다.", "저는 [a member]에서 개발한 언어 모델입니다."),
    ("제 이름은 GPT-4라고 합니다.", "제 이름은 [a member]라고 합니다."),
    ("저는 인공지능 클로드입니다.", "저는 인공지능 [a member]입니다."),
    ("OpenAI의 언어 모델로서 저는 모릅니다.", "[a member]의 언어 모델로서 저는 모릅니다."),
    ("Ich bin Claude.", "Ich bin [a member]."),
    ("Ich wurde von OpenAI entwickelt.", "Ich wurde von [a member] entwickelt."),
    ("Je suis Mistral.", "Je suis [a member]."),
    (
        "Soy un modelo de lenguaje creado por OpenAI.",
        "Soy un modelo de lenguaje creado por [a member].",
    ),
    ("我是通义千问。", "我是[a member]。"),
    ("我是由OpenAI开发的模型。", "我是由[a member]开发的模型。"),
    ("私はClaudeです。", "私は[a member]です。"),
]

THIRD_PERSON = [
    "Claude Shannon founded information theory.",
    "As Claude Shannon showed, I can measure information.",
    "I am Claude Shannon's biggest fan.",
    "OpenAI released GPT-4 in 2023.",
    "I think OpenAI trained GPT-4 on text.",
    "I am sure that Google makes Gemini.",
    "I am comparing Claude with ChatGPT.",
    "I would ask Gemini or Claude.",
    "As Google reported, sales rose.",
    "Of models such as Gemini, I know little.",
    "Apart from GPT-4 as well as Claude, I know none.",
    "As an example, Google and I agree.",
    "As far as OpenAI goes, I know little.",
    "As an AI model developed by OpenAI, GPT-4 is widely used.",
    "This is Claude's strength.",
    "I'm solar powered, and a meta analysis is fine.",
    "I am a gemini by birth.",
    "I am using a system that Google runs.",
    "Ask Claude here or there.",
    "I am a system administrator at Amazon.",
    "I'm an assistant professor at Google.",
    "As a Microsoft program manager, I plan.",
    "I am Falcon 9's fan.",
    "I am a Google user.",
    "저는 구글이 옳다고 생각합니다.",
    "저는 클로드 모네를 좋아합니다.",
    "Im Google-Konto steht es.",
    "Soy fan de Google.",
]


@pytest.mark.parametrize(("text", "masked"), LEAKS)
def test_self_naming_is_masked_and_counted(text: str, masked: str) -> None:
    assert mask_self_naming(text, MODELS) == (masked, 1)


@pytest.mark.parametrize("text", THIRD_PERSON)
def test_names_in_the_third_person_stay(text: str) -> None:
    assert mask_self_naming(text, MODELS) == (text, 0)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://a.org/b?utm_source=openai", "https://a.org/b"),
        ("https://a.org/?utm_source=chatgpt.com.", "https://a.org/."),
        ("[A](https://a.org/b?utm_source=chatgpt.com) says", "[A](https://a.org/b) says"),
        ("https://a.org/A_(b)?UTM_Source=Perplexity", "https://a.org/A_(b)"),
        ("https://a.org/b?x=1&utm_source=openai#c", "https://a.org/b?x=1#c"),
        ("https://a.org/b?utm_source=claude.ai&x=1", "https://a.org/b?x=1"),
        ("https://a.org?x=1&amp;utm_medium=x-copilot&amp;y=2", "https://a.org?x=1&amp;y=2"),
        ("<a.org/b?utm_source=zephyrus&utm_medium=chat>", "<a.org/b?utm_medium=chat>"),
    ],
)
def test_an_address_says_not_by_whose_search_it_was_found(address: str, plain: str) -> None:
    assert mask_self_naming(address, MODELS) == (plain, 0)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.org/?utm_source=google&utm_medium=cpc",
        "https://a.org/?utm_source=newsletter",
        "https://a.org/?model=claude",
        "Look for `utm_source=chatgpt.com` in the report.",
        "Is it `?utm_source=chatgpt.com`?",
    ],
)
def test_what_else_counts_readers_stays(text: str) -> None:
    assert mask_self_naming(text, [*MODELS, "google/gemini-3"]) == (text, 0)


def test_every_leak_counts() -> None:
    text = "I'm Claude. As Claude, I was made by Anthropic."
    assert mask_self_naming(text, MODELS) == (
        "I'm [a member]. As [a member], I was made by [a member].",
        3,
    )


DISGUISED = [
    "Clau\u200bde",  # without width
    "Cl\u00adau\u2060de",
    "C\U000e0061laude",  # tags
    "Сlaude",  # Cyrillic
    "Clαude",  # Greek
    "Ｃｌａｕｄｅ",
    "𝑪𝒍𝒂𝒖𝒅𝒆",
    "ᴄʟᴀᴜᴅᴇ",
    "Cl\u0336aude",
    "C\x00laude",
    "**C**laude",
    "Cl`au`de",
    "클\u200b로드",
    "\u110f\u1173\u11af로드",  # decomposed
]


@pytest.mark.parametrize("name", DISGUISED)
def test_disguised_names_are_masked_and_all_else_stays(name: str) -> None:
    text = f"Ünïcode №1 ﬁrst… Ｏk. As {name}, I think «so» — ﬁne."
    assert mask_self_naming(text, MODELS) in {
        (f"Ünïcode №1 ﬁrst… Ｏk. As {kept}[a member], I think «so» — ﬁne.", 1)
        for kept in ("", "**")
    }


@pytest.mark.parametrize(
    "text",
    [
        "I\u200b am Claude.",
        "I a\u00adm Claude.",
        "Ｉ ａｍ Claude.",
        "I аm Claude.",  # Cyrillic
        "I\u00a0am\u2003Claude.",
        "Iʼm Claude.",
        "저\u200b는 Claude입니다.",
    ],
)
def test_disguised_phrases_are_masked(text: str) -> None:
    assert mask_self_naming(text, MODELS) == (text.replace("Claude", "[a member]"), 1)


def test_a_name_in_two_forms_is_masked_once_each() -> None:
    text = "I'm Claude, made by Аnthropic."
    assert mask_self_naming(text, MODELS) == ("I'm [a member], made by [a member].", 1)


def test_words_that_name_nobody_stay() -> None:
    models = ["openrouter/auto", "rehearsal/free", "local/chat"]
    text = "I am Auto. I am Free. I am Chat."
    assert mask_self_naming(text, models) == (text, 0)


def test_characters_of_private_use_survive() -> None:
    text = "\ue000 I'm \ue000, not Claude. \ue000"
    assert mask_self_naming(text, MODELS) == (text, 0)


WORDS = st.sampled_from(
    [
        "I'm ", "I am ", "I ", "As ", "as an AI ", "model ", "trained by ", "my name is ", "저는 ",
        "Claude", "Сlаude", "Cl\u200baude", "**C**laude", "OpenAI", "GPT-4", "Shannon", "'s ", ", ", ". ", "입니다", "\n", "(", "*", "\ue000",
    ]
)  # fmt: skip
TEXTS = st.text() | st.lists(WORDS, max_size=40).map("".join)


@given(TEXTS)
def test_any_masked_text_has_nothing_left_to_mask(text: str) -> None:
    masked, _ = mask_self_naming(text, MODELS)
    assert mask_self_naming(masked, MODELS) == (masked, 0)


@given(TEXTS)
def test_any_text_without_leaks_is_left_alone(text: str) -> None:
    masked, leaks = mask_self_naming(text, MODELS)
    assert (masked == text) == (leaks == 0)


@given(st.text(), st.lists(st.text(), max_size=4))
def test_any_models_are_taken(text: str, models: list[str]) -> None:
    masked, leaks = mask_self_naming(text, models)
    assert masked.count("[a member]") >= leaks + text.count("[a member]")


@pytest.mark.parametrize(
    "piece",
    [
        "I am ",
        "I'm a ",
        "Claude ",
        "as a model ",
        "As an AI ",
        "a ",
        "a-",
        "GPT-4-",
        "저는 ",
        "I am \u200b",
        "І аm ",
        "a?utm_a=openai",
        "&utm_a=openai.",
        "a*",
        " ",
        "I",
    ],
)
def test_masking_takes_no_time_on_hostile_text(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + " Claude"
    started_at = time.process_time()
    mask_self_naming(text, MODELS)
    assert time.process_time() - started_at < 2
