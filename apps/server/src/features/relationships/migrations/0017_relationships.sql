-- What binds two people, or the people of two circles, and what it permits.
create table relationship_kinds (
  id text primary key,
  name text not null,
  back_name text not null,
  find text not null check (find in ('none', 'forward', 'back', 'both')),
  start text not null check (start in ('none', 'forward', 'back', 'both')),
  supervises boolean not null,
  built_in boolean not null
);
insert into relationship_kinds (id, name, back_name, find, start, supervises, built_in) values
  ('teacher-of', '', '', 'both', 'both', true, true),
  ('guardian-of', '', '', 'both', 'both', false, true),
  ('care-team-of', '', '', 'both', 'both', false, true);

create table relationships (
  id uuid primary key,
  from_person uuid references people,
  from_circle uuid references circles on delete cascade,
  kind text not null references relationship_kinds,
  to_person uuid references people,
  to_circle uuid references circles on delete cascade,
  -- The first and the last day, both included; null is open.
  from_date date,
  until_date date,
  check (num_nonnulls(from_person, from_circle) = 1),
  check (num_nonnulls(to_person, to_circle) = 1),
  check (from_date <= until_date)
);
-- One of a kind between two sides: what comes again changes its dates.
create unique index relationships_sides on relationships (coalesce(from_person, from_circle), kind, coalesce(to_person, to_circle));
create index relationships_from_person on relationships (from_person);
create index relationships_from_circle on relationships (from_circle);
create index relationships_to_person on relationships (to_person);
create index relationships_to_circle on relationships (to_circle);
create index relationships_kind on relationships (kind, id);
