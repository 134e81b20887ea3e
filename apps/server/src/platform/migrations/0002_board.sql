-- The personal board: keyed rows that concern one person only, with a revision per person.

create table boards (
  person uuid primary key,
  revision bigint not null default 0
);

create table board_rows (
  person uuid not null,
  key text not null,
  revision bigint not null,
  -- Sealed; null once the row is gone.
  value bytea,
  primary key (person, key)
);
create index board_rows_revision on board_rows (person, revision);
