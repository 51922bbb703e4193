#include "documents/csv_profile.h"

#include <stdint.h>
#include <string.h>

#include "documents/clean.h"

static const struct csv_words machine = {
    .columns = {"number",
                "revision",
                "date",
                "weekday",
                "start",
                "end",
                "kind",
                "customer",
                "billing",
                "subject",
                "location",
                "span_minutes",
                "worked_minutes",
                "worked_time",
                "worked_hours",
                "held_minutes",
                "unrounded_minutes",
                "billed_minutes",
                "billed_time",
                "billed_hours",
                "late",
                "all_day",
                "decision",
                "zone"},
    .weekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    .kinds = {"work", "travel"},
    .billings = {"billable", "non-billable"},
    .no_yes = {"false", "true"},
    .total = "total",
};

static const struct csv_words english = {
    .columns = {"Number",
                "Revision",
                "Date",
                "Weekday",
                "Start",
                "End",
                "Kind",
                "Customer",
                "Billing",
                "Subject",
                "Location",
                "Span (min)",
                "Worked (min)",
                "Worked (h:mm)",
                "Worked (h)",
                "Held (min)",
                "Before rounding (min)",
                "Billed (min)",
                "Billed (h:mm)",
                "Billed (h)",
                "Late",
                "All day",
                "Decision",
                "Time zone"},
    .weekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    .kinds = {"work", "travel"},
    .billings = {"billable", "non-billable"},
    .no_yes = {"no", "yes"},
    .total = "Total",
};

static const struct csv_words german = {
    .columns = {"Nummer",
                "Revision",
                "Datum",
                "Wochentag",
                "Beginn",
                "Ende",
                "Art",
                "Kunde",
                "Abrechnung",
                "Betreff",
                "Ort",
                "Dauer (min)",
                "Gearbeitet (min)",
                "Gearbeitet (h:mm)",
                "Gearbeitet (h)",
                "Strittig (min)",
                "Vor Rundung (min)",
                "Berechnet (min)",
                "Berechnet (h:mm)",
                "Berechnet (h)",
                "Nachtrag",
                "Ganztägig",
                "Entscheidung",
                "Zeitzone"},
    .weekdays = {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"},
    .kinds = {"Arbeit", "Reise"},
    .billings = {"berechenbar", "nicht berechenbar"},
    .no_yes = {"nein", "ja"},
    .total = "Summe",
};

static const struct csv_words french = {
    .columns = {"Numéro",
                "Révision",
                "Date",
                "Jour",
                "Début",
                "Fin",
                "Nature",
                "Client",
                "Facturation",
                "Objet",
                "Lieu",
                "Durée (min)",
                "Travaillé (min)",
                "Travaillé (h:mm)",
                "Travaillé (h)",
                "En litige (min)",
                "Avant arrondi (min)",
                "Facturé (min)",
                "Facturé (h:mm)",
                "Facturé (h)",
                "Tardif",
                "Journée entière",
                "Décision",
                "Fuseau horaire"},
    .weekdays = {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
    .kinds = {"travail", "déplacement"},
    .billings = {"facturable", "non facturable"},
    .no_yes = {"non", "oui"},
    .total = "Total",
};

static const struct csv_profile profiles[] = {
    {"rfc4180", false, false, ',', '.', CSV_DATES_ISO, SIZE_MAX, &machine},
    {"excel-en", true, true, ',', '.', CSV_DATES_ISO, CLEAN_CELL_MAX, &english},
    {"excel-de", true, true, ';', ',', CSV_DATES_DOT, CLEAN_CELL_MAX, &german},
    {"excel-fr", true, true, ';', ',', CSV_DATES_SLASH, CLEAN_CELL_MAX, &french},
    {"excel-ch", true, true, ';', '.', CSV_DATES_DOT, CLEAN_CELL_MAX, &german},
};

int csv_profile_find(const char *name, const struct csv_profile **ret_profile, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            *ret_profile = &profiles[i];
            return 0;
        }
    }
    return err_set(e, ERR_CONFIG, 0,
                   "there is no CSV profile \"%s\"; there are rfc4180, excel-en, excel-de, excel-fr and "
                   "excel-ch",
                   name);
}
