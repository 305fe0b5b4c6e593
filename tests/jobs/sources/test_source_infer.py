"""`source infer`: a draft that is valid, right where it is sure, and says where it is not."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from jobs.commands.drafts import source_app as app
from jobs.formats.csv_format import guess_delimiter
from jobs.formats.text_lines import guess_encoding
from jobs.foundation.errors import ConfigError
from jobs.onboarding.column_values import look_at
from jobs.onboarding.mapping_check import sql_problems
from jobs.onboarding.mapping_draft import draft_mapping, files_pattern, toml_text
from jobs.onboarding.match_columns import guess_contract, plain
from jobs.onboarding.sniff_file import sniff
from jobs.profile.mapping import build_mapping
from jobs.profile.mapping_schema import shape_problems

from .raw_reading import read_all, write

REGISTRATION = """统一社会信用代码,企业名称,市场主体类型,登记状态,行政区划代码,住所,注册资本(万元),成立日期,是否平台,备注
91310000MA1K35J41X,上海甲贸易有限公司,有限责任公司,存续,310101,某路1号,100.5,2019-03-04,否,a
91310000MA1K35J42X,上海乙餐饮店,个体工商户,注销,310104,某路2号,无,2020-01-31,否,b
91310000MA1K35J43X,上海丙平台有限公司,有限责任公司,迁出,310105,某路3号,5000,2021-12-01,是,c
91310000MA1K35J44X,上海丁贸易有限公司,有限责任公司,存续,310101,某路4号,20,2022-06-15,否,d
"""
COMPLAINTS = """{"投诉编号": "T1", "受理日期": "2026/01/05", "被投诉主体名称": "甲", "投诉类别": "食品安全", "涉及金额(元)": 12.5}
{"投诉编号": "T2", "受理日期": "2026/01/06", "被投诉主体名称": "乙", "投诉类别": "其他", "涉及金额(元)": 7, "办结日期": "2026/1/9"}
"""
KOREAN = """개방자치단체코드,인허가일자,영업상태명,소재지전체주소,도로명전체주소,사업장명,업태구분명
3000000,2019-03-04,영업/정상,서울특별시 종로구 청진동 146번지,"서울특별시 종로구 종로 19, 2층 (청진동)",한빛식당,한식
3330000,2020-01-31,폐업,부산광역시 해운대구 우동 1505,부산광역시 해운대구 센텀중앙로 90,맛나분식,분식
"""
JAPANESE = """許可番号,営業所名称,業種,許可年月日,営業所所在地,電話番号
13-1-00123,株式会社さくら食品,飲食店営業,2019-03-04,東京都千代田区丸の内一丁目９番１号,03-1234-5678
13-1-00124,喫茶ソレイユ,喫茶店営業,2020-01-31,大阪府大阪市北区梅田３－１－３,06-1234-5678
"""


def registration_draft(folder: Path, encoding: str = "gb18030") -> dict[str, object]:
    return tomllib.loads(draft_mapping(write(folder, "reg.csv", REGISTRATION.encode(encoding))))


def test_a_register_is_recognised_with_its_encoding_and_columns(tmp_path: Path) -> None:
    draft = registration_draft(tmp_path)
    assert (draft["contract"], draft["format"], draft["encoding"], draft["delimiter"]) == ("registration", "csv", "gb18030", ",")
    assert draft["columns"] == {
        "entity_id": "upper(trim(`统一社会信用代码`))",
        "id_scheme": "'cn.uscc'",
        "name": "trim(`企业名称`)",
        "region_code": "trim(`行政区划代码`)",
        "address": "trim(`住所`)",
        "registered_capital_minor": "try_cast(round(try_cast(`注册资本(万元)` as decimal(30,6)) * 1000000) as bigint)",
        "established_on": "cast(try_to_timestamp(`成立日期`, 'yyyy-MM-dd') as date)",
        "is_platform": "CASE trim(`是否平台`) WHEN '是' THEN true WHEN '否' THEN false END",
    }


def test_known_values_are_translated_and_unknown_ones_are_left_as_questions(tmp_path: Path) -> None:
    path = write(tmp_path, "reg.csv", REGISTRATION.encode())
    text = draft_mapping(path)
    assert tomllib.loads(text)["translate"]["status"] == {"from": "登记状态", "values": {"存续": "active", "注销": "closed"}}
    assert '# "迁出" = "?"' in text
    assert "#   备注 (text): a, b, c" in text, "an unused column is shown with samples"


def test_a_sure_draft_is_a_mapping_that_reads_its_own_file(tmp_path: Path, spark) -> None:
    draft = registration_draft(tmp_path)
    assert [problem for problem in shape_problems(draft) if problem.is_error] == []
    mapping = build_mapping(draft, tmp_path / "reg.toml")
    assert [problem for problem in sql_problems(mapping, spark) if problem.is_error] == []
    found = read_all(tmp_path / "reg.csv", mapping)
    assert len(found.values) == 4
    assert found.rejected == []


def test_json_lines_are_recognised_with_keys_from_all_lines(tmp_path: Path) -> None:
    draft = tomllib.loads(draft_mapping(write(tmp_path, "c.jsonl", COMPLAINTS.encode())))
    assert (draft["contract"], draft["format"]) == ("complaint", "jsonl")
    assert "办结日期" in draft["raw"]["columns"]
    assert draft["columns"]["received_on"] == "cast(try_to_timestamp(`受理日期`, 'yyyy/MM/dd') as date)"
    assert "* 100)" in draft["columns"]["amount_claimed_minor"]


def test_parquet_types_are_declared_and_whole_doubles_stay_whole_as_text(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    parquet.write_table(pa.table({"Inspection_ID": [7.0, 8.0], "License": [1.0, None], "Results": ["Pass", "Fail"]}), path)
    draft = tomllib.loads(draft_mapping(path, "inspection"))
    assert draft["raw"]["types"] == {"Inspection_ID": "double", "License": "double", "Results": "string"}
    assert draft["columns"]["inspection_id"] == "cast(try_cast(`Inspection_ID` as bigint) as string)"


def test_the_digits_of_a_decimal_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    amounts = pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(12, 2))
    parquet.write_table(pa.table({"entity_id": ["A", "B"], "declared_revenue": amounts}), path)
    draft = tomllib.loads(draft_mapping(path, "tax_filing"))
    assert draft["raw"]["types"]["declared_revenue"] == "decimal(12,2)"


def test_required_columns_that_were_not_found_are_named(tmp_path: Path) -> None:
    text = draft_mapping(write(tmp_path, "x.csv", b"aaa,bbb\n1,2\n"), "registration")
    assert '# entity_id = "?"   # required' in text
    assert tomllib.loads(text)["columns"] == {}


def test_headers_cannot_break_out_of_their_place(tmp_path: Path) -> None:
    header = b'"a""]\n[columns]","x`y\'","\xe2\x80\xa8z"\n1,2,3\n'
    draft = tomllib.loads(draft_mapping(write(tmp_path, "x.csv", header), "registration"))
    assert draft["raw"]["columns"][1] == "x`y'"
    assert set(draft) == {
        "contract",
        "owner",
        "format",
        "encoding",
        "delimiter",
        "files",
        "delivery",
        "every_days",
        "nulls",
        "raw",
        "columns",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_the_encoding_is_guessed(encoding: str) -> None:
    assert guess_encoding(REGISTRATION.encode(encoding)) == encoding


@pytest.mark.parametrize(
    ("encodings", "guessed", "text"),
    [
        (("cp949", "euc_kr"), "cp949", KOREAN),
        (("cp949", "euc_kr"), "cp949", "번호,업소명,소재지\n1,漢陽食堂(한양식당),서울특별시 中區 明洞\n"),
        (("cp949",), "cp949", "상호\n뷁똠각하\n펲시샵\n(주)대한상사\n"),
        (("cp949",), "cp949", "id,name,addr\n1,Starbucks,서울 중구\n"),
        (("cp932",), "cp932", JAPANESE),
        (("euc_jp",), "euc_jp", JAPANESE.replace("－", "-")),
        (("shift_jis",), "cp932", JAPANESE.replace("－", "-")),
        (("cp932", "shift_jis"), "cp932", "ｼﾒｲ,ｼﾞｭｳｼｮ,ｷﾝｶﾞｸ\nﾔﾏﾀﾞ ﾀﾛｳ,ﾄｳｷｮｳﾄ ﾐﾅﾄｸ,5000\n"),
        (("cp932", "shift_jis"), "cp932", "氏名,住所\n山田太郎,東京都港区\n"),
        (("cp932",), "cp932", "番号,金額\n①,㈱高島屋\n"),
        (("gb18030", "gbk", "gb2312"), "gb18030", REGISTRATION),
        (("gbk",), "gb18030", "编号,名称,类别\n1,安徽大河饭馆,餐饮\n"),
        (("gbk",), "gb18030", "id,name\n1,朱镕基\n2,上海\n"),
        (("gbk",), "gb18030", "投诉内容\n我在该店购买的面包已经过期，老板不肯退款，请帮忙处理。\n"),
        (("big5", "cp950"), "big5", "統一編號,商業名稱,商業地址\n12345678,大同小吃店,臺北市中正區忠孝東路一段1號\n"),
        (("cp1252", "latin-1"), "cp1252", "Straße,Größe,Ärzte\nCafé Ångström,à la carte,Señor Núñez\n"),
        (("cp1252",), "cp1252", "name,price\nJoe’s “Jumbo” Bar,£5\nJim’s,25 °C – €5\n"),
        (("cp1252",), "cp1252", "Suppression de «\xa0objets\xa0» n’est pas autorisée\n"),
        (("utf-8", "utf-8-sig"), "utf-8", KOREAN),
    ],
)
def test_east_asian_encodings_are_guessed_from_common_characters(encodings: tuple[str, ...], guessed: str, text: str) -> None:
    assert {encoding: guess_encoding(text.encode(encoding)) for encoding in encodings} == dict.fromkeys(encodings, guessed)


def test_a_damaged_utf8_file_is_still_utf8() -> None:
    assert guess_encoding((REGISTRATION * 20).encode() + b"\xff\n") == "utf-8"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_guessed(delimiter: str) -> None:
    lines = [delimiter.join(["a", "b", "c"]), *[delimiter.join(["1,5", '"x', 'y"']).replace('"', "") for _ in range(3)]]
    text = "\n".join(lines if delimiter != "," else ["a,b,c", "1,x;y,2", "3,z,4"])
    assert guess_delimiter(text.encode(), "utf-8") == delimiter


@pytest.mark.parametrize(
    ("values", "kind", "pattern"),
    [
        (["2026-01-31", "2026-02-01"], "date", "yyyy-MM-dd"),
        (["20260131"], "date", "yyyyMMdd"),
        (["2026年1月5日"], "date", "yyyy年M月d日"),
        (["13/02/2026"], "date", "dd/MM/yyyy"),
        (["02/13/2026"], "date", "MM/dd/yyyy"),
        (["2026-01-31 08:00:00"], "timestamp", "yyyy-MM-dd HH:mm:ss"),
        (["2026-02-30"], "text", ""),
        (["是", "否", "是"], "boolean", "是"),
        (["12", "-3"], "whole", ""),
        (["1.5", "2"], "number", ""),
        (["31.01.2026", "01.02.2026"], "date", "dd.MM.yyyy"),
        (["3/4/2026 1:05:00 PM", "12/31/2026 11:00:00 AM"], "timestamp", "M/d/yyyy h:mm:ss a"),
        (["2026-01", "2026-02"], "month", "yyyy-MM"),
        (["Yes", "no"], "boolean", "Yes"),
        (["$1,200.50", "($3.00)"], "amount", ""),
        (["1.200,50", "3,00"], "amount", ","),
        (["甲", "乙", "甲", "乙"], "category", ""),
        ([], "empty", ""),
    ],
)
def test_the_kind_of_a_columns_values_is_seen(values: list[str], kind: str, pattern: str) -> None:
    look = look_at("x", values)
    if kind == "text":
        assert look.kind in ("text", "category")
    else:
        assert (look.kind, look.pattern) == (kind, pattern)


def test_units_and_signs_are_no_part_of_a_name() -> None:
    assert plain("注册资本（万元）") == "注册资本"
    assert plain("Inspection_ID") == plain("inspection id") == "inspectionid"


def test_a_raw_column_serves_one_contract_column_only() -> None:
    _, guesses = guess_contract([look_at("统一社会信用代码", ["91310000MA1K35J41X"]), look_at("地址", ["x"])])
    names = [guess.look.name for guess in guesses]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("in/complaint/2026-01-02/a.csv", "complaint/{delivered_on}/*.csv"),
        ("in/reg_2026-01-02.csv", "in/reg_{delivered_on}.csv"),
        ("in/reg.csv", "reg/{delivered_on}/*.csv"),
        ("/2026-01-02/a", "{delivered_on}/*.csv"),
    ],
)
def test_the_pattern_of_files_follows_where_the_file_lies(path: str, pattern: str) -> None:
    assert files_pattern(Path(path), "csv") == pattern


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04abc", "spreadsheet"),
        (b"\x1f\x8b00", "gzip"),
        (b"a,a\n1,2\n", "more than once"),
        (b"PAR1xxxx", "could not be read"),
    ],
)
def test_what_is_no_source_file_is_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        sniff(write(tmp_path, "x", content))


def test_a_missing_file_and_an_unknown_contract_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        draft_mapping(tmp_path / "gone")
    with pytest.raises(ConfigError, match="is not a contract") as caught:
        draft_mapping(write(tmp_path, "a.csv", REGISTRATION.encode()), "registrations")
    assert "did you mean 'registration'" in caught.value.next_step


def test_toml_text_comes_back_as_it_was() -> None:
    text = 'a"b\\c\t\n\r\u2028\x7f\u3000市'
    assert tomllib.loads(f"x = {toml_text(text)}")["x"] == text


def test_the_verb_writes_the_draft_to_standard_output(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["infer", str(write(tmp_path, "reg.csv", REGISTRATION.encode()))])
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout)["contract"] == "registration"
