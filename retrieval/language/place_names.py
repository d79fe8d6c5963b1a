"""Countries by their other names in diplomatic English: capitals that stand for governments, demonyms.

General knowledge, not the corpus: the members of ASEAN and the G20, their partners in the region, and the
states that official readouts of the last decades name most.
"""

from __future__ import annotations

_TABLE = """
Afghanistan Afghan Kabul
Argentina Argentine|Argentinian Buenos_Aires
Australia Australian|Australians Canberra
Bangladesh Bangladeshi Dhaka
Brazil Brazilian Brasilia
Brunei Bruneian Bandar_Seri_Begawan
Cambodia Cambodian Phnom_Penh
Canada Canadian Ottawa
China Chinese Beijing
Egypt Egyptian Cairo
Fiji Fijian Suva
France French Paris
Germany German Berlin
India Indian New_Delhi|Delhi
Indonesia Indonesian Jakarta
Iran Iranian Tehran|Teheran
Iraq Iraqi Baghdad
Israel Israeli Jerusalem
Italy Italian Rome
Japan Japanese Tokyo
Korea Korean Seoul|Pyongyang
Laos Lao|Laotian Vientiane
Malaysia Malaysian Kuala_Lumpur|Putrajaya
Mexico Mexican Mexico_City
Mongolia Mongolian Ulaanbaatar
Myanmar Burmese Naypyidaw|Naypyitaw
Nepal Nepali|Nepalese Kathmandu
Pakistan Pakistani Islamabad
Philippines Philippine|Filipino|Filipinos Manila
Russia Russian Moscow|Kremlin
Saudi Saudi Riyadh
Singapore Singaporean Singapore
Spain Spanish Madrid
Syria Syrian Damascus
Thailand Thai Bangkok
Turkey Turkish|Türkiye Ankara
Ukraine Ukrainian Kyiv|Kiev
Vietnam Vietnamese Hanoi
"""


def demonyms() -> dict[str, str]:
    """Return the name of the country, in lower case, by what its people or things are called."""
    return {name.lower(): country.lower() for country, names, _ in _rows() for name in names.split("|")}


def capitals() -> dict[str, str]:
    """Return the name of the country by its capital, where that is one word; both in lower case."""
    return {
        name.lower(): country.lower()
        for country, _, names in _rows()
        for name in names.split("|")
        if "_" not in name and name != country
    }


def _rows() -> list[tuple[str, str, str]]:
    return [(c, d, k) for c, d, k in (line.split() for line in _TABLE.strip().splitlines())]
