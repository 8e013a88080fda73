"""The words of a ballot in the languages that models write: places, names for an answer, markers.

Nothing but words; what they mean together is for `ballot_lines` and `ballots`.
"""

# Stands for the place after all others.
LAST = 99

# First, second, ...: one row a language, from place 1 on; variants of a place behind a slash.
_ORDINALS = """
first/firstly second/secondly third/thirdly fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
gold silver bronze
winner runner-up/runner\\sup
erste/erster/erstens/ersten zweite/zweiter/zweitens/zweiten dritte/dritter/drittens vierte/vierter/viertens fünfte/fünfter sechste/sechster
premier/première/premièrement deuxième/seconde/deuxièmement troisième quatrième cinquième sixième
primero/primera/primer segundo/segunda tercero/tercera/tercer cuarto/cuarta quinto/quinta sexto/sexta
primeiro/primeira segundo/segunda terceiro/terceira quarto/quarta quinto/quinta sexto/sexta
primo/prima secondo/seconda terzo/terza quarto/quarta quinto/quinta sesto/sesta
eerste tweede derde vierde vijfde zesde
первый/первое/первая/первым/первой второй/второе/вторая/вторым третий/третье/третья/третьим четвертый/четвёртый/четвертое/четвёртое/четвертая пятый/пятое/пятая шестой/шестое
перше/перший друге/другий третє/третій четверте/четвертий
pierwszy/pierwsze/pierwsza drugi/drugie/druga trzeci/trzecie/trzecia czwarty/czwarte/czwarta piąty/piąte
birinci ikinci üçüncü dördüncü beşinci
pertama kedua ketiga keempat kelima
الأول/الأولى/أولا/أولاً الثاني/الثانية/ثانيا/ثانياً الثالث/الثالثة/ثالثا/ثالثاً الرابع/الرابعة/رابعا الخامس/الخامسة
पहला/पहली/प्रथम दूसरा/दूसरी/द्वितीय तीसरा/तीसरी/तृतीय चौथा/चौथी पांचवां
"""
_LAST = "last lastly letzter letzte dernier dernière última último ultima ultimo последний последнее laatste 마지막"

ORDINALS: dict[str, int] = {
    word.replace("\\s", " "): number
    for row in _ORDINALS.strip().splitlines()
    for number, words in enumerate(row.split(), start=1)
    for word in words.split("/")
} | dict.fromkeys(_LAST.split(), LAST)

# What may stand before a number, or behind it, without changing what it says.
PLACE = (
    r"rank|place|choice|position|pos\.|platz|rang|puesto|lugar|posto|posição|posición|место|місце|miejsce"
    r"|peringkat|hạng|no\.|nr\.|number|المركز|المرتبة|स्थान|อันดับ(?:ที่)?"
)

ANSWER = (
    r"answers?|responses?|option|candidate|model|답변|응답|답안|réponse|respuesta|resposta|risposta|antwort"
    r"|antwoord|odpowied[źz]|ответ|відповідь|yanıt|cevap|jawaban|câu\ trả\ lời|คำตอบ|उत्तर|الإجابة|إجابة"
    r"|回答|答案|回复|回覆"
)

# Reads as a marker wherever it stands in a line; the full words, and those of any length.
FINAL = (
    r"\b(?:final|overall)[ _-]{1,3}(?:rankings?|rank\ order|order|ranks?|standings?)\b"
    r"|최종\ ?(?:순위|랭킹)|最终排[名序]|最終(?:順位|ランキング|排名|排序)|\branking\ final[e]?\b"
    r"|\bclassement\ final\b|\bclasificación\ final\b|\bclassificação\ final\b|\bclassifica\ finale\b"
    r"|\bendgültige\ (?:rangliste|rangfolge|reihenfolge)\b|\bитоговый\ (?:рейтинг|порядок)\b"
    r"|\beindrangschikking\b|\bostateczny\ ranking\b|\bperingkat\ akhir\b|\bson\ sıralama\b"
    r"|\bxếp\ hạng\ cuối\ cùng\b|الترتيب\ النهائي|التصنيف\ النهائي|अंतिम\ (?:रैंकिंग|क्रम)|\bпідсумковий\ рейтинг\b"
)
MARKER = (
    r"\branking\b|\brankings\b|(?<!\d)순위|排名|排序|順位|ランキング|\bclassement\b|\bclasificación\b"
    r"|\bclassificação\b|\bclassifica\b|\brangliste\b|\brangfolge\b|\bрейтинг\b|\brangschikking\b"
    r"|\bperingkat\b|\bsıralama\b|\bxếp\ hạng\b|الترتيب|التصنيف|रैंकिंग"
)
# One of them is in every marker, written small.
MARKER_WORDS = (
    *(
        "rank",
        "order",
        "standing",
        "순위",
        "랭킹",
        "排",
        "順位",
        "ランキング",
        "classement",
        "clasific",
    ),
    *("classific", "rangliste", "rangfolge", "reihenfolge", "рейтинг", "порядок", "rangschik"),
    *("peringkat", "sıralama", "xếp hạng", "الترتيب", "التصنيف", "रैंकिंग", "अंतिम"),
)

# Said of a list, it turns the list round.
WORST_FIRST = r"""
    \b(?:worst|weakest|poorest|least|lowest|bottom|last(?:\ place)?(?=\ to\b|\ place\ first))\W{1,3}(?:\w{1,10}\W{1,2}){0,2}?
        (?:first\b|(?:up\ )?(?:to|→|->)\W{1,3}(?:the\ )?(?:best|most|strongest|highest|top|first))
  | \b(?:ascending|increasing)\ (?:order|quality)\b | \bin\ reverse\ order\b | \breverse(?:d)?\ rank
  | \b(?:start|begin)\w*\ (?:with|from|at)\ (?:the\ )?(?:worst|weakest|bottom|lowest)
  | \bbest\W{1,2}(?:one\ |answer\ )?(?:comes\ |is\ |goes\ )?(?:last|at\ the\ (?:bottom|end))\b
  | \b1\W{1,3}(?:is\ |means\ )?(?:the\ )?worst\b
  | \bschlechtest\w*\W{1,2}(?:\w{1,10}\W){0,2}?(?:zu[rm]?|bis|zuerst)\b | \bdu\ (?:pire|moins\ bon)\ au\b
  | \bde\ (?:peor|pior)\ a\b | \bdal\ peggiore\ al\b | \bот\ худш\w+\ к\b
  | 나쁜\ ?(?:것|답변)?\ ?(?:부터|순)|최악(?:부터|에서)|낮은\ ?순 | 从(?:最)?[差坏低]到 | 從(?:最)?[差壞低]到
  | 悪い(?:もの)?(?:順|から)|低い順
"""
BEST_FIRST = r"""
    \b(?:best|strongest|highest|top)\W{1,3}(?:\w{1,10}\W{1,2}){0,2}?
        (?:first\b|(?:down\ )?to\W{1,3}(?:the\ )?(?:worst|least|weakest|lowest|bottom|last))
  | \b(?:descending|decreasing)\ order\b
"""

# Who writes so of a ranking speaks of another's, or of what it should look like.
NOT_OWN = r"""
    \b(?:ignor|disregard|inject|embed|manipulat|planted|spoof|forge[ds]|fake|template|placeholder
      |quot(?:e|ed|ing|es)\b|instruct(?:s|ion|ions|ing)?\b|(?<!as\ )instructed\b|prompt(?:s|ed)?\b|hidden\b
      |claim(?:s|ed|ing)?\b|pretend|attempt|tries\b|tried\b|trying\b|demand
      |(?<!as\ )ask(?:s|ed)\b|want(?:s|ed)\b|tell(?:s|ing)\b|told\b
      |says?\b|said\b|stat(?:es|ed|ing)\b|wr(?:ites|ote)\b|contain(?:s|ed|ing)?\b|insert(?:s|ed|ing)?\b
      |format\b|example\b|e\.g\b|instead\ of\b|rather\ than\b|such\ as\b|like\ this\b|should\ look
      |(?:the|this|that|its|whose)\ (?:text|line|string|phrase|sentence|words?|passage)\b)
  | 무시|지시|주입|인용|조작|형식 | 忽略|无视|無視|指令|注入|指示 | \bignorier|\banweisung|\bignoré|\bignoro
  | игнорир|инструкци
"""
