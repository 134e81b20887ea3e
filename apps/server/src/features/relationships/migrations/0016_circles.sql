-- Circles: named sets of people.
create table circles (
  id uuid primary key,
  name text not null
);
create unique index circles_name on circles (lower(name));

create table circle_members (
  circle uuid not null references circles on delete cascade,
  person uuid not null references people,
  primary key (circle, person)
);
create index circle_members_person on circle_members (person);
