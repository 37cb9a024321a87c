"""What Drizzle and Prisma send to a database with masked columns runs, and is read as if it came alone."""

import asyncpg
import pytest

from support.postgres import Door, Target

_MOOD = """
DO $$ BEGIN
 CREATE TYPE "public"."mood" AS ENUM('sad', 'happy');
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
"""
_KEPT = """
DO $$ BEGIN
 CREATE TABLE "in_a_block" ("id" int PRIMARY KEY, "cvv" text, "updated_at" timestamptz);
 CREATE TABLE "in_a_block_too" ("id" int, "updated_at" timestamptz);
 CREATE INDEX "in_a_block_index" ON "in_a_block" ("updated_at");
EXCEPTION
 WHEN duplicate_table OR duplicate_object THEN null;
END $$;
"""
_TOUCHED = """
create function touched() returns trigger language plpgsql as
 $$ begin new.updated_at := current_timestamp; return new; end $$;
"""


async def test_they_run_as_often_as_they_are_sent(door: Door, target: Target) -> None:
    client = await door.connect("owner")
    try:
        for _ in range(2):
            await client.execute(_MOOD)
            await client.execute(_KEPT)
        assert await client.fetch("select 'sad'::mood::text") == [("sad",)]
        await client.execute(_TOUCHED)
        await client.execute("create trigger t before insert on in_a_block_too for each row execute function touched()")
        await client.execute("insert into in_a_block values (1, '737'); insert into in_a_block_too values (1)")
        assert await client.fetchval("select updated_at is not null from in_a_block_too")
        assert await client.fetchval("select cvv from in_a_block") == "***"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked"):
            await client.fetch("select reverse(cvv) from in_a_block")
    finally:
        await client.close()
        owner = await target.connect()
        await owner.execute(
            "drop table if exists in_a_block, in_a_block_too; drop type if exists mood; drop function if exists touched"
        )
        await owner.close()


async def test_what_is_made_is_known_in_the_same_query(door: Door) -> None:
    client = await door.connect("owner")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="mask"):
        await client.execute("do $$ begin create table here (id int, cvv text); end $$; select reverse(cvv) from here")
    await client.close()
