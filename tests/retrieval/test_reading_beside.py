"""A store that is opened for reading alone, for long, beside the process that owns it."""

from __future__ import annotations

from tests.conftest import OpenStore, WriteReadout


def test_who_only_reads_finds_what_the_owner_commits_and_leaves_it_its_index(
    open_store: OpenStore, write_readout: WriteReadout
) -> None:
    """The owner goes on writing its vector index; sharing its folder would keep it from that for ever."""
    ferry = write_readout("ferry", ["A ferry line to Norland will open in May."])
    with open_store(corpus=ferry.parent) as owner:
        owner.ensure_corpus()
        with open_store(reading=True) as reader:
            before = reader.answering.search("harbour fees")
            fees = write_readout("fees", ["The harbour fees were waived."], title="Fees")
            owner.ingesting.ingest([fees])
            caught_up = owner.index_sync.catch_up()
            after = reader.answering.search("harbour fees")

    assert [hit.prepared.paragraph.document for hit in before] == ["ferry"]
    assert after[0].prepared.paragraph.document == "fees"
    assert caught_up


def test_it_finds_what_the_owner_finds(open_store: OpenStore, write_readout: WriteReadout) -> None:
    texts = [
        f"The {n}th working group met on topic {n * 7 % 31} and reported to the Ministers." for n in range(80)
    ]
    many = write_readout("many", texts)
    write_readout("few", ["A ferry line to Norland will open in May."])
    asked = ("Who reported to the Ministers?", "ferry to Norland", "working group on topic 14")
    with open_store(corpus=many.parent) as owner:
        owner.ensure_corpus()
        owner.index_sync.catch_up()
        by_owner = [[h.prepared.paragraph for h in owner.answering.search(q)] for q in asked]
        with open_store(reading=True) as reader:
            by_reader = [[h.prepared.paragraph for h in reader.answering.search(q)] for q in asked]

    assert by_reader == by_owner
