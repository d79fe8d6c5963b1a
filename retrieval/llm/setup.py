"""Settings -> what is built of them; libraries are imported here, and only for what is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.errors import SettingsError
from retrieval.index.encoder import Encoder
from retrieval.llm.types import Model
from retrieval.settings import RetrievalSettings

if TYPE_CHECKING:
    from retrieval.llm.budget import Budget, Database


def build_model(settings: RetrievalSettings, database: Database) -> tuple[Model, bool] | None:
    """Return the language model behind its guards and whether it takes schemas; None where none is configured.

    Raises:
        SettingsError: The model's name, package or key is missing.
        StoreError: The ledger cannot be written.
    """
    if settings.llm is None:
        return None
    from retrieval.llm.chat import open_model
    from retrieval.llm.guard import GuardedModel
    from retrieval.llm.naming import parse

    model = open_model(
        parse(settings.llm, "RETRIEVAL_LLM"),
        api_key=settings.llm_api_key,
        base_url=settings.llm_base_url,
        timeout_s=settings.llm_timeout_s,
        max_output_tokens=settings.llm_max_output_tokens,
        form=settings.llm_format,
    )
    guarded = GuardedModel(
        model,
        build_budget(settings, database),
        timeout_s=settings.llm_timeout_s,
        attempts=settings.llm_attempts,
        concurrency=settings.llm_concurrency,
        max_output_tokens=settings.llm_max_output_tokens,
    )
    return guarded, model.structured


def build_encoder(settings: RetrievalSettings) -> Encoder:
    """Return what turns texts into vectors.

    Raises:
        SettingsError: The model's name, package or key is missing.
    """
    if settings.embeddings == "builtin":
        return Encoder()
    from retrieval.llm.embeddings import open_encoder
    from retrieval.llm.naming import parse

    return open_encoder(
        parse(settings.embeddings, "RETRIEVAL_EMBEDDINGS"),
        api_key=settings.embeddings_api_key,
        base_url=settings.embeddings_base_url,
    )


def build_budget(settings: RetrievalSettings, database: Database) -> Budget:
    """Return the daily budget that the settings describe.

    Raises:
        SettingsError: There is a limit on money and no price.
        StoreError: The ledger cannot be written.
    """
    from retrieval.llm.budget import Allowance, Budget, Prices

    prices = Prices(settings.llm_input_price, settings.llm_output_price)
    limited = settings.llm_daily_cost or settings.llm_server_daily_cost
    if limited and not (prices.input_tokens and prices.output_tokens):
        raise SettingsError(
            "RETRIEVAL_LLM_DAILY_COST limits nothing without prices. Set RETRIEVAL_LLM_INPUT_PRICE and "
            "RETRIEVAL_LLM_OUTPUT_PRICE."
        )
    return Budget(
        database,
        overall=Allowance(settings.llm_daily_tokens, settings.llm_daily_cost),
        per_payer=Allowance(settings.llm_server_daily_tokens, settings.llm_server_daily_cost),
        prices=prices,
    )
