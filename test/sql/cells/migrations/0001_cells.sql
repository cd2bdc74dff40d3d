create type cells.mood as enum ('calm', 'wild', 'a b', 'NULL');
create domain cells.cents as bigint check (value >= 0);
create domain cells.document as jsonb;
create type cells.span as range (subtype = int8);
create table cells.cells (
  c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_float8 float8, c_numeric numeric, c_text text, c_uuid uuid, c_bytea bytea,
  c_date date, c_timestamp timestamp, c_timestamptz timestamptz, c_interval interval, c_json json, c_jsonb jsonb,
  c_bools bool[], c_ints int4[], c_longs int8[], c_floats float8[], c_texts text[], c_times timestamptz[], c_jsonbs jsonb[], c_byteas bytea[],
  c_mood cells.mood, c_moods cells.mood[], c_cents cells.cents, c_cents_list cells.cents[], c_document cells.document,
  c_range int4range, c_ranges int4range[], c_multirange int4multirange, c_spans cells.span[], c_short varchar(4), c_price numeric(5, 2)
);
