"""What PostgreSQL's and its contributed extensions' functions do beside computing a value: a table. Pure data.

Source: pg_proc of PostgreSQL 18 ("System Information Functions", "System Administration Functions", "Large Object
Functions" and "Sequence Manipulation Functions" of its manual), and appendix F for the extensions. A function of
PostgreSQL's own that stands neither here nor in harmless.py, and every other function, is opaque.
"""

from access.policy.labels import SqlLabel

_READ = """
bt_multi_page_stats bt_page_items brin_page_items gist_page_items hash_page_items pg_get_wal_block_info
tuple_data_split heap_page_item_attrs
lo_close lo_get lo_lseek lo_lseek64 lo_open lo_tell lo_tell64 loread
cursor_to_xml cursor_to_xmlschema pg_get_sequence_data
"""
_WRITE = """
heap_force_freeze heap_force_kill check_foreign_key lo_manage autoinc
lo_creat lo_create lo_export lo_from_bytea lo_import lo_put lo_truncate lo_truncate64 lo_unlink lowrite setval
"""
_SESSION = """
isn_weak set_limit sepgsql_setcon
pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_export_snapshot pg_stat_clear_snapshot
pg_stat_force_next_flush pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
pg_try_advisory_xact_lock_shared
"""
_FILE = """
lo_export lo_import pg_current_logfile pg_hba_file_rules pg_ident_file_mappings pg_ls_archive_statusdir pg_ls_dir
pg_ls_logdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_ls_tmpdir pg_ls_waldir
pg_read_binary_file pg_read_file pg_rotate_logfile pg_show_all_file_settings pg_stat_file
pg_file_length pg_file_read pg_file_rename pg_file_sync pg_file_unlink pg_file_write pg_logdir_ls pg_logfile_rotate
pg_read_file_old pg_get_logical_snapshot_info pg_get_logical_snapshot_meta
"""
_CONNECT = """
dblink dblink_build_sql_delete dblink_build_sql_insert dblink_build_sql_update dblink_cancel_query dblink_close
dblink_connect dblink_connect_u dblink_disconnect dblink_error_message dblink_exec dblink_fdw_validator dblink_fetch
dblink_get_connections dblink_get_notify dblink_get_pkey dblink_get_result dblink_is_busy dblink_open dblink_send_query
postgres_fdw_disconnect postgres_fdw_disconnect_all postgres_fdw_get_connections
"""
_SERVER = """
binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension binary_upgrade_logical_slot_has_caught_up
binary_upgrade_replorigin_advance binary_upgrade_set_missing_value binary_upgrade_set_next_array_pg_type_oid
binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode
binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode
binary_upgrade_set_next_multirange_array_pg_type_oid binary_upgrade_set_next_multirange_pg_type_oid
binary_upgrade_set_next_pg_authid_oid binary_upgrade_set_next_pg_enum_oid binary_upgrade_set_next_pg_tablespace_oid
binary_upgrade_set_next_pg_type_oid binary_upgrade_set_next_toast_pg_class_oid
binary_upgrade_set_next_toast_relfilenode binary_upgrade_set_record_init_privs
brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list
pg_backup_start pg_backup_stop pg_cancel_backend pg_clear_attribute_stats pg_clear_relation_stats
pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_create_logical_replication_slot
pg_create_physical_replication_slot pg_create_restore_point pg_drop_replication_slot pg_extension_config_dump
pg_import_system_collations pg_isolation_test_session_is_blocked pg_log_backend_memory_contexts
pg_log_standby_snapshot pg_logical_emit_message pg_nextoid pg_promote pg_reload_conf pg_replication_origin_advance
pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_progress
pg_replication_origin_session_is_setup pg_replication_origin_session_progress pg_replication_origin_session_reset
pg_replication_origin_session_setup pg_replication_origin_xact_reset pg_replication_origin_xact_setup
pg_replication_slot_advance pg_restore_attribute_stats pg_restore_relation_stats pg_rotate_logfile pg_stat_reset
pg_stat_reset_backend_stats pg_stat_reset_replication_slot pg_stat_reset_shared
pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters pg_stat_reset_slru
pg_stat_reset_subscription_stats pg_stop_making_pinned_objects pg_switch_wal pg_sync_replication_slots
pg_terminate_backend pg_wal_replay_pause pg_wal_replay_resume
autoprewarm_dump_now autoprewarm_start_worker pg_buffercache_evict pg_buffercache_evict_all
pg_buffercache_evict_relation pg_prewarm pg_truncate_visibility_map heap_force_freeze heap_force_kill
pg_start_backup pg_stat_statements_reset pg_stop_backup pg_switch_xlog pg_logfile_rotate
pg_logical_slot_get_binary_changes pg_logical_slot_get_changes
pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes
"""
#: They run SQL that they are given as text, or read tables that no part of the statement names.
_UNPARSEABLE = """
cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema query_to_xml
query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema
table_to_xml table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat
pg_logical_slot_get_binary_changes pg_logical_slot_get_changes
pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes
dblink dblink_exec dblink_fetch dblink_get_result dblink_open dblink_send_query
connectby crosstab crosstab2 crosstab3 crosstab4 crosstabn xpath_table get_raw_page heap_page_items
brin_page_items bt_multi_page_stats bt_page_items gist_page_items hash_page_items heap_page_item_attrs
pg_get_wal_block_info tuple_data_split
cron.schedule cron.schedule_in_database
"""

#: Of these, what is declared stable: planning computes it, to guess how many rows a condition leaves, and an error of a
#: cast shows its value. So a plain EXPLAIN runs it.
_PLANNED = """
database_to_xml database_to_xml_and_xmlschema database_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema
schema_to_xmlschema table_to_xml table_to_xml_and_xmlschema table_to_xmlschema
"""
PLANNED = frozenset(_PLANNED.split())


_TABLE = {
    SqlLabel.READ: _READ,
    SqlLabel.WRITE: f"{_WRITE} nextval",
    SqlLabel.SESSION: _SESSION,
    SqlLabel.FILE: _FILE,
    SqlLabel.CONNECT: _CONNECT,
    SqlLabel.SERVER: _SERVER,
    SqlLabel.PRIVILEGE: "sepgsql_restorecon",
    SqlLabel.NOTIFY: "pg_notify",
    SqlLabel.SET: "set_config",
    SqlLabel.UNPARSEABLE: _UNPARSEABLE,
}


def _by_function() -> dict[str, tuple[SqlLabel, ...]]:
    found: dict[str, tuple[SqlLabel, ...]] = {}
    for effect, names in _TABLE.items():
        for name in names.split():
            found[name] = (*found.get(name, ()), effect)
    return found


#: Views whose rows PostgreSQL reads from files of the server.
FILE_VIEWS = frozenset({"pg_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings"})

#: Function name -> what it does, whatever schema it is written with: an extension may stand in any. Names too common
#: for that stand with their schema.
FUNCTION_EFFECTS = _by_function()
