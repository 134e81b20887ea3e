-- Keys that the server holds. None of them is stored in the clear.

create table data_keys (
  -- A conversation, or a person for their board.
  scope uuid not null,
  version integer not null,
  method text not null,
  -- Which master key (or RSA key) wrapped it.
  wrapped_by text not null,
  wrapped bytea not null,
  primary key (scope, version)
);
create index data_keys_wrapped_by on data_keys (wrapped_by);

create table secrets (
  name text primary key,
  wrapped_by text not null,
  sealed bytea not null
);

-- New content is sealed with keys of this version.
create table key_version (version integer not null);
insert into key_version values (1);
