"""Take out of a text where its author says which model it is.

Only first-person statements count ("As Claude, I ...", "I was trained by Google"): a name in the
third person may be what the answer is about, and even where the question names models, who says
"I am one of them" says who wrote. Disguised spellings count like plain ones. What a search puts behind
an address to have its readers counted says so, too: the address works without. Pure; knows names, not
who wrote what.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache

from bot.protocol.folding import fold

MASK = "[a member]"

# Names that are hardly anything else, in any case of letters.
_DISTINCT = (
    "Claude", "ChatGPT", "GPT", "DeepSeek", "Qwen", "Mixtral", "Magistral", "Codestral", "ChatGLM",
    "GLM", "Grok", "Gemma", "Kimi", "Hunyuan", "Ernie Bot", "Doubao", "Nemotron", "EXAONE",
    "HyperCLOVA", "Vicuna", "OLMo", "Anthropic", "OpenAI", "Open AI", "DeepMind", "Mistral AI",
    "xAI", "Moonshot AI", "Zhipu AI", "Zhipu", "Z.ai", "MiniMax", "AI21", "ByteDance", "Tencent",
    "Baidu", "Alibaba", "NVIDIA",
)  # fmt: skip
# Words of their own: names only with a capital.
_ORDINARY = (
    "Gemini", "Bard", "Llama", "Mistral", "Phi", "Copilot", "Command", "Cohere", "Nova", "Yi", "Ernie",
    "Granite", "Solar", "Jamba", "Perplexity", "Sonar", "Reka", "Falcon", "Hermes", "Palmyra",
    "Google", "Meta", "Microsoft", "Amazon", "IBM", "Naver", "Upstage",
)  # fmt: skip
_OTHER_SCRIPTS = (
    "클로드", "챗GPT", "챗지피티", "제미나이", "제미니", "그록", "딥시크", "라마", "미스트랄", "큐원", "오픈AI",
    "오픈에이아이", "앤트로픽", "앤스로픽", "구글", "메타", "네이버", "하이퍼클로바", "通义千问", "文心一言",
    "豆包", "智谱", "智谱清言", "月之暗面", "深度求索", "百度", "阿里巴巴", "阿里云", "腾讯", "谷歌", "クロード",
    "グーグル",
)  # fmt: skip
# Parts of model ids that name nobody.
_GENERIC = frozenset(
    {
        "auto", "best", "chat", "default", "free", "instruct", "large", "latest", "local", "mini",
        "model", "models", "openrouter", "person", "preview", "rehearsal", "router", "small", "test", "the",
    }
)  # fmt: skip

# Stands for a name while phrases are looked for; of private use, so text hardly has it.
_NAME = "\ue000"


def mask_self_naming(text: str, models: Collection[str]) -> tuple[str, int]:
    """The text with first-person self-identification masked, and how often there was any.

    Names are well-known ones and those in the ids of `models`. All else stays as it was written.
    """
    seated = tuple(sorted(set(models)))
    return _masked(_uncounted(text, seated), seated)


def names_a_model(text: str, models: Collection[str]) -> bool:
    """Whether any name of a model or its maker stands there, whatever is said of it."""
    folded = fold(text).without(_MARKUP)
    return _named(tuple(sorted(set(models)))).search(folded.text) is not None


# What stands behind an address, and what of it counts readers.
_QUERY = re.compile(r"(?<=[\w/)])\?([^\s?#<>\"'`()\[\]|]+)")
_COUNTING = re.compile(r"(?:amp;)?utm_\w+=([\w.%+~-]*\w)", re.IGNORECASE)
_SEARCHING = ("openai", "chatgpt", "claude", "anthropic", "perplexity", "gemini", "copilot", "grok",
              "mistral", "deepseek", "qwen", "kimi", "doubao")  # fmt: skip
# They advertise, too: whose address names them says nothing of who wrote.
_ADVERTISING = frozenset({"google", "meta", "microsoft", "amazon", "ibm", "naver", "nvidia"})


def _uncounted(text: str, seated: tuple[str, ...]) -> str:
    """With addresses that do not say by whose search they were found."""
    if "utm_" not in text.lower():
        return text
    names = _any({*_SEARCHING, *_names_in(seated)} - _ADVERTISING)
    named = re.compile(rf"(?<![a-z0-9])(?:{names})(?![a-z0-9])", re.IGNORECASE)

    def without(query: re.Match[str]) -> str:
        kept: list[str] = []
        tail = ""
        for part in query[1].split("&"):
            counting = _COUNTING.match(part)
            if counting and named.search(counting[1]):
                tail += part[counting.end() :]
            else:
                kept.append(part)
        return ("?" if kept else "") + "&".join(kept).removeprefix("amp;") + tail

    return _QUERY.sub(without, text)


# Each stage and each redraw reads the same few texts.
@lru_cache(maxsize=256)
def _masked(text: str, seated: tuple[str, ...]) -> tuple[str, int]:
    folded = fold(text).without(_MARKUP)
    # Most texts name nobody, and looking for plain words costs a tenth of the pattern.
    lowered = folded.text.casefold()
    if not any(word in lowered for word in _words(seated)):
        return text, 0
    # A phrase is looked for where every name is one character; these are their places.
    marked: list[str] = []
    places: list[tuple[int, re.Match[str]]] = []
    length = at = 0
    for name in _named(seated).finditer(folded.text):
        length += name.start() - at
        marked += (folded.text[at : name.start()], _NAME)
        places.append((length, name))
        length += len(_NAME)
        at = name.end()
    marked.append(folded.text[at:])

    pieces: list[str] = []
    leaks = end = next_name = 0
    for phrase in _phrase().finditer("".join(marked)):
        before = len(pieces)
        while next_name < len(places) and places[next_name][0] < phrase.end():
            place, name = places[next_name]
            next_name += 1
            if place >= phrase.start() and name["name"] is not None:
                start, stop = folded.span(*name.span())
                pieces += (text[end:start], MASK)
                end = stop
        leaks += len(pieces) > before
    pieces.append(text[end:])
    return "".join(pieces), leaks


# Emphasis and code inside a word do not show in it.
_MARKUP = re.compile(r"(?<=\w)[*`~]{1,3}(?=\w)")


@lru_cache(maxsize=64)
def _words(models: tuple[str, ...]) -> tuple[str, ...]:
    """Every name as it is written in `casefold`; a name that holds another one is left out."""
    names = {n.casefold() for n in (*_DISTINCT, *_ORDINARY, *_OTHER_SCRIPTS, *_names_in(models))}
    return tuple(n for n in names if not any(n != other and other in n for other in names))


@lru_cache(maxsize=64)
def _named(models: tuple[str, ...]) -> re.Pattern[str]:
    """A name with its version, or, without the group, what stands for a name in a text."""
    ordinary = {*_ORDINARY, *map(str.capitalize, _names_in(models))}
    names = (
        rf"(?:(?i:{_any(_DISTINCT)})|{_any({*ordinary, *map(str.upper, ordinary)})})(?![A-Za-z])"
        rf"|{_any(_OTHER_SCRIPTS)}"
    )
    return re.compile(rf"{_NAME}|(?<![A-Za-z0-9])(?P<name>{names}){_VERSION}", re.VERBOSE)


def _any(names: Iterable[str]) -> str:
    """An alternative of all names, longer ones first: ChatGPT before GPT."""
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


def _names_in(models: Iterable[str]) -> set[str]:
    """Vendors and families: `anthropic/claude-sonnet-4.5` gives anthropic and claude."""
    words = {
        word
        for model in models
        for part in model.lower().split("/")
        for word in re.findall(r"^[a-z]+", part)
    }
    return {word for word in words if len(word) > 2} - _GENERIC


# Versions and sizes go with the name.
_VERSION = r"""
    (?: [ -]?v?\d[A-Za-z0-9]*(?:\.[A-Za-z0-9]+)* | -[A-Za-z0-9]{1,12}
      | [ -](?:Sonnet|Opus|Haiku|Pro|Flash|Ultra|Nano|Mini|Turbo|Large|Medium|Small|Max|Plus|AI
          |Coder?|Chat|Thinking|Instruct|R1?|DeepMind|Cloud)\b ){0,4}
"""

# What a first-person phrase is made of; `<PART>` stands for another part. Every repetition is
# bounded, so that reading stays linear in the text.
_PARTS = {
    # One phrase of the kind each; a line of its own for every other language.
    "PHRASE": r"""
        <I AM> <WHOSE> <MAKER>
      | <I AM> (?i:an?|the|one\sof)\s <WORD>{0,8}? <MODEL> <BY> <MAKER>
      | <I AM> (?i:an?|the)\s <WHO> (?:-\w+)? \s <WORD>{0,2} <MODEL>
      | \b(?i:I\s(?:was|am|have\sbeen)|I['’](?:m|ve\sbeen))\s (?:\w+ly\s)?
          <MADE>\s (?:and\s<MADE>\s)? (?:by|at)\s <WHO>
      | \b(?i:I\s(?:go\sby|run\son|identify\sas)|call\sme|my\sname(?:\sis|['’]s))\s <WHOSE> <MAKER>
      | \b(?i:you(?:\sare|['’]re)\s(?:talking|speaking|chatting)\s(?:to|with))\s <WHOSE> <MAKER>
      | (?<!such\s)(?<!well\s)(?<!same\s)\b(?i:as)\s <WHOSE> <MAKER> (?:,\s(?:an?|the)\s <WORD>{0,6}? \w+ (?=,))? <SO I>
      | \b(?i:as\san?)\s <WORD>{0,5}? <MODEL> <BY> (?= [^.!?]{0,100} \b(?:I|my)\b )
      | \b(?i:as\san?)\s <WHO> \s <WORD>{0,2} <MODEL> <SO I>
      | <WHO> ,?\s (?:(?:who|which|the\scompany\s(?:that|which|who))\s)? (?:has\s)? <MADE>\s me\b
      | <WHO> \s\((?:that['’]s\s|that\sis\s)?me\)
      | \b(?i:my\s(?:creator|developer|maker|provider|training)s?)
          (?:,|\sat|\sis|\sare|\sby|\sfrom)\s <WHO>
      | \bI,\s (?:as\s)? <WHO> (?=,)
      | \b(?i:I|me|myself)\s\( <WHO> (?=\))
      | \b[Ww]e\s(?:here\s)?at\s <WHO>
      | (?:^|\b(?i:hi|hello|hey)[,!]?\s) <WHO> \shere (?=\s?[.,!:–—-])
      | \b(?i:this\sis)\s <WHO> \s(?:speaking|here)\b
      | \b(?i:this\s(?:answer|response|reply|text)\s(?:is|was)\s(?:written|generated|<MADE>))\sby\s <WHO>

      | \b(?i:ich\s(?:bin|heiße|wurde\svon)|mein\sname\sist)\s <WHO>
      | \b(?i:ich\sbin|als)\s (?:ein\s)? <WORD>{0,6}? (?i:[\w-]{0,20}(?:modell|assistent|KI)),?\s
          <WORD>{0,4}? von\s <WHO>
      | \b(?i:je\s(?:suis|m['’]appelle)|mon\snom\sest|j['’]ai\sété\s\w{1,20}\spar)\s <WHO>
      | \b(?i:je\ssuis|en\stant\sque)\s (?:une?\s)? <WORD>{0,6}? (?i:modèle|assistant|IA),?\s
          <WORD>{0,4}? (?:par|de)\s <WHO>
      | \b(?i:soy|sou(?:\so)?|me\sllamo|mi\snombre\ses|meu\snome\sé|mi\schiamo|sono
          |fui\s\w{1,20}\sp(?:or|el[ao]))\s <WHO>
      | \b(?i:soy|sou|como)\s u[nm]\s <WORD>{0,6}? (?i:modelo|asistente|assistente|IA),?\s
          <WORD>{0,4}? (?:por|pel[ao]|d[eao])\s <WHO>
      | (?:我是|我叫|我的名字[是叫]|作为|私は|僕は|わたしは)(?:一[个款])?\s?由?\s?
          <WHO> (?!的(?:粉丝|用户|员工)) (?:[，,]\s?由<WHO>)?
      | (?:저는|전|나는|난|제가|(?:제|내|저의)\s이름은)\s?
          (?:<WHO>(?:사?의|사?에서|[이가])\s(?:[가-힣]{1,9}\s){0,3}?)?
          (?:(?:AI|인공지능|언어|대규모|모델|어시스턴트|비서|챗봇)\s){0,3}
          <WHO> \s?(?:입니다|이?에요|예요|이?야|이며|이고|이?라[고는]|으?로서|모델|AI|언어)
      | (?:저는|전|나는|난|제가)\s?<WHO>사?(?:[이가]|에서|에\s의해)\s(?:만[든들]|개발|학습|훈련|제작)
      | <WHO>(?:의\s(?:[가-힣]{1,9}\s){0,2}?(?:AI|모델|어시스턴트|챗봇)(?:인|로서)|으?로서),?\s[저제나]
      | (?:[저나]를\s(?:만든|개발한|학습시킨)\s(?:\w{1,9}[은는인]\s)?|제\s(?:개발사|제작사)[는인]?\s)<WHO>
    """,
    "I AM": r"""
        \b(?i:I['’]m|I\sam)\s (?:(?i:just|only|actually|also|indeed|really|called|named)\s){0,2}
    """,
    "MAKER": r"""
        (?: [,(]?\s\(? (?:(?i:an?|the|your|part\sof)\s <WORD>{0,6}?)?
            (?: (?:(?:<MADE>\s)?(?:by|from)|called|named|(?:based|built)\son)\s <WHOSE>
              | <OWNER> <MODEL> ) \)? ){0,3}
    """,
    "BY": r"""
        ,?\s (?:(?:that|which|was|is|has|been|and|\w{1,20}ly|language|model|system|assistant|chatbot
          |based|<MADE>)\s){0,5} (?:by|from|at|on|named|called|known\sas)\s <WHOSE>
    """,
    "SO I": r"(?= [),*_]{0,3} \s (?:I|I['’]\w+|[Mm]y|we)\b )",
    "WHOSE": r"(?:<OWNER>?<WHO>|<OWNER><MODEL>)",
    "OWNER": rf"(?:{_NAME}['’]s\s<WORD>{{0,3}}?)",
    "MODEL": r"(?i:models?|assistant|AI|LLM|chatbot|bot)\b",
    "MADE": r"(?i:made|created|trained|developed|built|designed|produced|released|powered|provided)",
    "WORD": r"(?:[\w-]+,?\s)",
    # Neither "Claude Shannon" nor "Claude's author" nor "Falcon 9's flight".
    "WHO": rf"""(?:[*_"“'‘(]{{0,3}}{_NAME}(?![A-Za-z0-9]|['’]s\b|[ ][A-Z][a-z]))""",
}


def _put_together(part: str) -> str:
    return re.sub(r"<([A-Z ]+)>", lambda found: _put_together(_PARTS[found[1]]), part)


@cache  # it takes as long as all other expressions here: who starts the program does not wait
def _phrase() -> "re.Pattern[str]":
    return re.compile(_put_together("<PHRASE>"), re.VERBOSE | re.MULTILINE)
