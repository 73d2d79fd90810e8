"""The field's own vocabularies: what the form offers where a column takes any short text or figure."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Choices = list[tuple[str, str | Promise]]

# ISO 16290:2013, wording shortened.
TRL: Choices = [
    ("1", _("1: basic principles observed")),
    ("2", _("2: concept formulated")),
    ("3", _("3: proof of concept of the critical function")),
    ("4", _("4: breadboard, functions verified in the laboratory")),
    ("5", _("5: breadboard, critical functions verified in the relevant environment")),
    ("6", _("6: model demonstrates the critical functions in the relevant environment")),
    ("7", _("7: model demonstrates the performance for the operational environment")),
    ("8", _("8: accepted for flight")),
    ("9", _("9: proven in flight")),
]

# Models of a development, as European space practice (ECSS) names them.
MODELS: Choices = [
    ("STM", _("STM: structural and thermal model")),
    ("EM", _("EM: engineering model")),
    ("EQM", _("EQM: engineering qualification model")),
    ("QM", _("QM: qualification model")),
    ("PFM", _("PFM: protoflight model")),
    ("FM", _("FM: flight model")),
    ("FS", _("FS: flight spare")),
]

# COSPAR planetary protection: the Moon is category II; the candidate sites are polar, so IIb is the usual one.
PLANETARY: Choices = [
    ("II", _("II: orbits the Moon and does not land")),
    ("IIa", _("IIa: lands; propulsion organics are listed")),
    (
        "IIb",
        _("IIb: lands south of 79° S, north of 86° N or in permanent shadow; full inventory of organics"),
    ),
]

# Frequency bands for the Moon; to be checked against SFCG 32-2R6 before any filing.
BANDS: Choices = [
    ("UHF", _("UHF: proximity links")),
    ("S", _("S: 2025 to 2110 and 2200 to 2290 MHz")),
    ("X", _("X: 7190 to 7235 and 8450 to 8500 MHz")),
    ("Ka", _("Ka: 23.15 to 23.55 and 27.0 to 27.5 GHz")),
]

# ISO 4217, active codes of national currencies; the codes are the same in every language.
_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
CURRENCIES: Choices = [(code, code) for code in _CODES.split()]
