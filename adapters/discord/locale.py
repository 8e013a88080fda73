"""Names and descriptions of the commands in Korean; English is what the code says itself.

Discord wants names of commands and options in lower case and without spaces.
"""

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.language import Message

KOREAN: Mapping[str, str] = {
    # names
    "council": "위원회",
    "show": "보기",
    "members": "구성원",
    "chairman": "의장",
    "models": "모델",
    "criteria": "기준",
    "mode": "방식",
    "budget": "예산",
    "set": "설정",
    "reset": "초기화",
    "audit": "변경기록",
    "audition": "오디션",
    "restore": "복원",
    "version": "버전",
    "ask": "질문",
    "stats": "통계",
    "ceiling": "한계",
    "suggest": "추천",
    "seats": "자리수",
    "export": "내보내기",
    "forget": "삭제",
    "details": "자세히",
    "all": "전체",
    "what": "대상",
    "me": "내것",
    "thread": "스레드",
    "channel": "채널",
    "link": "링크",
    "health": "상태",
    "allow": "허용",
    "disallow": "허용취소",
    "pause": "중지",
    "resume": "재개",
    "help": "도움말",
    "action": "작업",
    "model": "모델",
    "search": "검색",
    "text": "내용",
    "name": "이름",
    "usd": "달러",
    "value": "값",
    "question": "질문",
    "add": "추가",
    "remove": "제거",
    "Ask the council": "위원회에 묻기",
    # descriptions
    "Ask the council, and change it": "위원회에 묻고, 위원회를 바꿉니다",
    "This channel's council and settings": "이 채널의 위원회와 설정",
    "Who answers and reviews": "누가 답하고 서로 평가하는지",
    "What to do; without it the members are listed": "할 일. 비우면 구성원을 보여 줍니다",
    "One or more models, separated by commas": "하나 이상의 모델, 쉼표로 구분",
    "Who writes the verdict": "누가 결론을 쓰는지",
    "Have a model answer along, and hear what it would bring": (
        "모델을 시험 삼아 함께 답하게 하고, 앉히면 어떨지 봅니다"
    ),
    "The model, or stop; without it you hear how it goes": (
        "모델 또는 stop. 비우면 어떻게 되어 가는지 알려 줍니다"
    ),
    "The model; without it the chairman is named": "모델. 비우면 지금의 의장을 알려 줍니다",
    "Models that can be seated, with prices": "앉힐 수 있는 모델과 가격",
    "Parts of a name, like claude or mistral large": "이름의 일부, 예: claude, mistral large",
    "What reviewers judge by": "무엇을 기준으로 평가하는지",
    "The criteria; without them a form opens": "기준. 비우면 입력 창이 열립니다",
    "How the council comes to its verdict": "심의의 방식",
    "Its name; without it the one of now is told": "이름. 비우면 지금의 방식을 알려 줍니다",
    "What this channel may spend a day": "이 채널이 하루에 쓸 수 있는 금액",
    "US dollars, or unlimited, or default": "미국 달러, 또는 unlimited, 또는 default",
    "Change any setting": "어떤 설정이든 바꿉니다",
    "The setting": "설정",
    "Its value; without it what it can be; default takes a change back": (
        "값. 비우면 가능한 값, default는 변경을 되돌립니다"
    ),
    "Back to the default": "기본값으로 되돌립니다",
    "The setting; without it everything": "설정. 비우면 전부",
    "Who changed this channel's council, and any version back": "누가 위원회를 바꿨는지, 그리고 이전 버전 복원",
    "Have the version back; without it, it is shown": "버전을 되돌립니다. 비우면 보여 줍니다",
    "Its number; without it the changes are listed": "버전 번호. 비우면 변경 목록을 보여 줍니다",
    "Put a question to the council": "위원회에 질문합니다",
    "The question": "질문",
    "How its verdict comes about; without it as always here": "이 질문의 심의 방식. 비우면 늘 하던 대로",
    "Which models serve best here": "여기서 어떤 모델이 가장 나은지",
    "Every setting, too": "모든 설정까지",
    "Every number by model, too": "모델별 모든 수치도",
    "What picking the best answer could gain here": "가장 나은 답을 고르면 여기서 얼마나 나아질 수 있는지",
    "Members by what was accepted here; changes nothing": "여기서 받아들여진 답에 따른 구성원 추천. 아무것도 바꾸지 않습니다",
    "How many; without it as many as now": "몇 명. 비우면 지금만큼",
    "Every deliberation of this channel as a file": "이 채널의 모든 심의를 파일로",
    "Delete what was asked and voted": "질문과 투표를 삭제합니다",
    "Yours everywhere, a thread, or everything of this channel": (
        "내 것 모두, 스레드 하나, 또는 이 채널의 모든 것"
    ),
    "Of a thread: the link to a message of it": "스레드의 경우: 그 안의 메시지 링크",
    "Whether everything works here": "여기서 모두 잘 작동하는지",
    "Let this server use the council, for its operators": "이 서버에서 위원회를 쓰게 합니다 (운영자용)",
    "Keep this server from the council, for its operators": "이 서버에서 위원회를 쓰지 못하게 합니다 (운영자용)",
    "Silence the council here": "여기서 위원회를 멈춥니다",
    "End the silence": "위원회를 다시 시작합니다",
    "All commands in a line each": "모든 명령을 한 줄씩",
    # forms
    "This channel's council": "이 채널의 위원회",
    "What makes an answer good here": "여기서 좋은 답이란",
    "Empty: what reviewers usually judge by.": "비우면 평소의 기준을 씁니다",
    "Or one of these, in its place": "또는 대신 이 가운데 하나",
    "At most, a day": "하루 최대",
    "US dollars. Empty: the bot's own limit.": "미국 달러. 비우면 봇의 한도를 씁니다",
}


class Translations(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        return KOREAN.get(string.message) if locale is discord.Locale.korean else None


def translated(message: Message, locale: discord.Locale) -> str:
    """The message for a person whose Discord speaks this language."""
    return (locale is discord.Locale.korean and KOREAN.get(message.english)) or str(message)
