"""Names of scales and units in the languages that answers come in. Pure data."""

from collections.abc import Mapping
from fractions import Fraction

SCALES: Mapping[str, int] = {
    name: scale
    for scale, names in {
        10**2: "hundred hundert 백 百",
        10**3: "thousand tausend mille mil 천 千",
        10**4: "만 万 萬",
        10**5: "lakh lakhs",
        10**7: "crore crores",
        10**6: "million millions mln mio millionen millón millones",
        10**8: "억 億 亿",
        10**9: "billion bn milliard milliards milliarde milliarden mrd",
        10**12: "trillion 조 兆",
        12: "dozen dozens",
    }.items()
    for name in names.split()
}
# Where they stick to the number.
LETTER_SCALES: Mapping[str, int] = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
# Behind a currency, also apart from it.
MONEY_SCALES: Mapping[str, int] = {**LETTER_SCALES, "m": 10**6, "b": 10**9}

UNITS: Mapping[str, str] = {
    name: unit
    for unit, names in {
        "$": "us$ usd dollar dollars dólar dólares 달러 불 ドル 美元",
        "€": "eur euro euros 유로 ユーロ 欧元",
        "£": "gbp 英镑",
        "¥": "jpy yen 엔 円 日元",
        "₩": "krw won 원 ウォン 韩元",
        "₹": "inr rupee rupees",
        "yuan": "cny rmb 元 위안",
        "cent": "cents ¢",
        "‰": "promille permille",
        "%": "percent pct prozent 퍼센트 프로 パーセント",
        "pp": "prozentpunkte 퍼센트포인트",
        "°": "degree degrees grad degrés grados 도 度",
        "celsius": "°c centigrade",
        "fahrenheit": "°f",
        "km": "kilometer kilometers kilometre kilometres kilomètre kilomètres kilómetro kilómetros "
        "킬로미터 キロメートル 公里 千米",
        "m": "meter meters metre metres mètre mètres metro metros 미터 メートル 米",
        "cm": "centimeter centimeters centimetre centimetres zentimeter centimètre centimètres "
        "centímetro centímetros 센티미터 センチメートル 厘米",
        "mm": "millimeter millimeters millimetre millimetres 밀리미터 ミリメートル 毫米",
        "m2": "sqm qm quadratmeter 제곱미터 平方メートル 平方米",
        "m3": "cbm kubikmeter 세제곱미터 立方メートル 立方米",
        "mile": "miles mi meile meilen millas 마일 マイル 英里",
        "mile/hour": "mph",
        "foot": "feet ft 피트 フィート 英尺",
        "inch": "inches 인치 インチ 英寸",
        "yard": "yards",
        "kg": "kilogram kilograms kilogramm kilogramme kilogrammes kilogramos kilo kilos 킬로그램 "
        "キログラム 千克 公斤",
        "g": "gram grams gramm gramme grammes gramo gramos 그램 グラム 克",
        "mg": "milligram milligrams milligramm 밀리그램 ミリグラム 毫克",
        "lb": "lbs",
        "pound": "pounds 파운드 ポンド",
        "ounce": "ounces oz",
        "ton": "tons tonne tonnes tonnen toneladas 톤 トン 吨",
        "l": "liter liters litre litres litro litros 리터 リットル 升",
        "ml": "milliliter milliliters millilitre millilitres 밀리리터 ミリリットル 毫升",
        "gallon": "gallons",
        "ms": "millisecond milliseconds millisekunden 밀리초 ミリ秒 毫秒",
        "second": "seconds s sec secs sekunde sekunden seconde secondes segundo segundos 초 秒 秒間 秒钟",
        "minute": "minutes min mins minuten minuto minutos 분 分 分間 分钟",
        "hour": "hours h hr hrs stunde stunden heure heures hora horas 시간 時間 小时",
        "day": "days tag tage tagen jour jours día días 일 日 日間 天",
        "week": "weeks woche wochen semaine semaines semana semanas 주 週間 周",
        "month": "months monat monate monaten mois mes meses 개월 달 か月 ヶ月 个月",
        "year": "years yr yrs jahr jahre jahren ans année années año años 년 年 年間",
        "kb": "", "mb": "", "gb": "", "tb": "",
    }.items()
    for name in (unit, *names.split())
}  # fmt: skip

# What is money may be so much a day without saying so.
CURRENCIES = frozenset(("$", "€", "£", "¥", "₩", "₹", "yuan", "cent", "pound"))

# What some say for one thing and some for another, and how many of each it then is.
MAY_BE: Mapping[str, Mapping[str, Fraction]] = {
    "pound": {"£": Fraction(1), "lb": Fraction(1)},
    "cent": {"$": Fraction(1, 100), "€": Fraction(1, 100)},
}

# How many of another unit one of it is.
OF_OTHERS: Mapping[str, tuple[str, Fraction]] = {
    "km": ("m", Fraction(1000)),
    "cm": ("m", Fraction(1, 100)),
    "mm": ("m", Fraction(1, 1000)),
    "kg": ("g", Fraction(1000)),
    "mg": ("g", Fraction(1, 1000)),
    "ml": ("l", Fraction(1, 1000)),
    "ms": ("second", Fraction(1, 1000)),
    "minute": ("second", Fraction(60)),
    "hour": ("second", Fraction(3600)),
    "day": ("second", Fraction(86_400)),
    "week": ("second", Fraction(604_800)),
    "foot": ("inch", Fraction(12)),
    "yard": ("inch", Fraction(36)),
}
