"""MASSIVE (FitzGerald et al., ACL 2023): intents, scenarios and slots of requests to an assistant, in 51 languages."""

from trainables.benchmarks._parallel_cards import Split, make_parallel_card, map_configurations
from trainables.cards import DatasetSource, RowFormat, TaskCard, make_slot_format
from trainables.languages import resolve_language

_LOCALES = """
af-ZA am-ET ar-SA az-AZ bn-BD cy-GB da-DK de-DE el-GR en-US es-ES fa-IR fi-FI fr-FR he-IL hi-IN hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID
ka-GE km-KH kn-IN ko-KR lv-LV ml-IN mn-MN ms-MY my-MM nb-NO nl-NL pl-PL pt-PT ro-RO ru-RU sl-SL sq-AL sv-SE sw-KE ta-IN te-IN th-TH tl-PH
tr-TR ur-PK vi-VN zh-CN zh-TW
"""
MASSIVE_LOCALES = map_configurations(_LOCALES)
"""The configurations of the set itself. Version 1.1 adds Catalan, which the copies below lack."""
MASSIVE_CODES = {
    resolve_language(locale): locale if locale.startswith("zh") else locale.partition("-")[0]
    for locale in _LOCALES.split()
}
"""The configurations of mteb's copies."""

_INTENTS = """
alarm_query alarm_remove alarm_set audio_volume_down audio_volume_mute audio_volume_other audio_volume_up calendar_query calendar_remove
calendar_set cooking_query cooking_recipe datetime_convert datetime_query email_addcontact email_query email_querycontact
email_sendemail general_greet general_joke general_quirky iot_cleaning iot_coffee iot_hue_lightchange iot_hue_lightdim
iot_hue_lightoff iot_hue_lighton iot_hue_lightup iot_wemo_off iot_wemo_on lists_createoradd lists_query lists_remove
music_dislikeness music_likeness music_query music_settings news_query play_audiobook play_game play_music play_podcasts play_radio
qa_currency qa_definition qa_factoid qa_maths qa_stock recommendation_events recommendation_locations recommendation_movies
social_post social_query takeaway_order takeaway_query transport_query transport_taxi transport_ticket transport_traffic
weather_query
"""
INTENTS = tuple(_INTENTS.split())
_SCENARIOS = """
alarm audio calendar cooking datetime email general iot lists music news play qa recommendation social takeaway transport weather
"""
SCENARIOS = tuple(_SCENARIOS.split())
_SLOTS = """
alarm_type app_name artist_name audiobook_author audiobook_name business_name business_type change_amount coffee_type color_type
cooking_type currency_name date definition_word device_type drink_type email_address email_folder event_name food_type game_name
game_type general_frequency house_place ingredient joke_type list_name meal_type media_type movie_name movie_type music_album
music_descriptor music_genre news_topic order_type person personal_info place_name player_setting playlist_name podcast_descriptor
podcast_name radio_name relation song_name sport_type time time_zone timeofday transport_agency transport_descriptor
transport_name transport_type weather_descriptor
"""
SLOTS = tuple(_SLOTS.split())

_SPLITS = (Split("train", 11_514), Split("validation", 2033), Split("test", 2974))
_LICENCE = "CC BY 4.0 (of the set; mteb states Apache-2.0)"
_WHERE = "in 51 languages (FitzGerald et al., ACL 2023); any of them can be the source"


def _make_request_card(what: str, repository: str, commit: str, labels: tuple[str, ...]) -> TaskCard:
    return make_parallel_card(
        TaskCard(kind="classification", description=f"{what} of a request to an assistant, {_WHERE}", train=0),
        DatasetSource(repository=repository, licence=_LICENCE, commit=commit),
        RowFormat(columns={"text": "text", "label": "label"}, labels=labels),  # the label is text
        MASSIVE_CODES,
        _SPLITS,
        item_column="id",
    )


MASSIVE: dict[str, TaskCard] = {
    "massive_intent": _make_request_card(
        "the intent, of 60,", "mteb/amazon_massive_intent", "4672e20407010da34463acc759c162ca9734bca6", INTENTS
    ),
    "massive_scenario": _make_request_card(
        "the scenario, of 18,", "mteb/amazon_massive_scenario", "fad2c6e8459f9e1c45d9315f4953d921437d70f8", SCENARIOS
    ),
    "massive_slots": make_parallel_card(
        TaskCard(
            kind="tagging",
            description=f"the slots, of 55 types, of a request to an assistant, {_WHERE}",
            train=0,
            published_difference="two slots of one type that touch are two here, in the published task one",
        ),
        DatasetSource(repository="AmazonScience/massive", licence="CC BY 4.0"),
        make_slot_format("annot_utt", "locale", SLOTS),
        MASSIVE_LOCALES,
        _SPLITS,
        item_column="id",
    ),
}
