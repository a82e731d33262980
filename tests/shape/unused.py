"""Names that no code of ours uses, and who does: `vulture` reads this list with the sources (`make check`)."""

# Python, its standard library and what draws tools from functions
__getattr__, __dir__
_.__signature__, _.__annotations__
_.exc_text, _.stack_info  # logging
_.do_GET, _.log_message, _.request_queue_size, _.process_request  # http.server
_.log_errors  # re2
_.StartElementHandler, _.EndElementHandler, _.StartDoctypeDeclHandler  # xml.parsers.expat
_.writeable  # numpy
_.get_auth_token, _.get_credentials  # boto3: what is never asked

# Tools that mission files name
load_test, post, count_backups, delete_backups, lie

# What callers who embed Journeyman or the gym use
_.run_many, _.recover, _.driving
Curriculum, IncidentVectorEnv, IncidentClient, incident_aec_env
_.CLAIM, _.HIGH_IO_WAIT, _.HIGH_DISK_USED, _.HIGH_CPU_STEAL, _.HIGH_RETRY_RATIO, _.HIGH_REPLICA_DEFICIT
_.HIGH_DNS_FAILURES, _.HIGH_ROUTE_SKEW, _.HIGH_CONFIG_DRIFT, _.HIGH_CANARY_ERRORS, _.HIGH_CERT_REJECTS
_.HIGH_CLOCK_OFFSET, _.HIGH_HEAP_GROWTH, _.HIGH_POOL_IN_USE, _.HIGH_CACHE_FILL, _.HIGH_MAINTENANCE
_.cpu_ratio, _.memory_ratio, _.latency_ms, _.usual_latency_ms

# Kits for plug points of others, and for tests
check_catalog, check_sending, DyingCatalog, FakeClock, build_report
ScriptedApprentice
_.BEFORE, _.clean, _.frames_written, _.standing_still

# Fields that records and reports hold, whole
_.head_holds, _.compressed, _.idempotent
unknown_effects, silent_hooks, driven_here, durable, next_offset, total_characters  # results of control tools
_.live_usage, _.tells_cost, _.base_digest, _.inputs_touched, _.diff_path, _.raw_path, _.errors_path
_.before_sha256, _.after_sha256, _.confirmed
_.constraints, _.domain, _.difficulty
_.seen_at, _.intended_at, _.settled_at, _.reconciled_at, _.effects_by_state

# Protocols of others: ACP, typer, Gymnasium, PettingZoo, Stable-Baselines3, OpenEnv, TRL and transformers, verifiers
_.request_permission, _.on_connect
_.list_commands, _.format_commands
_.observation_space, _.render_mode, _.possible_agents
_.step_wait, _.get_attr, _.set_attr, _.env_method, _.env_is_wrapped, _._on_step, _._on_rollout_start
_._step_payload, _._parse_result, _._parse_state, _.forward, _.SUPPORTS_CONCURRENT_SESSIONS, _.reset_async
_.get_metadata, _.num_tasks, _.list_tasks, _.render_web, _.web_actions, _.instructions
_.on_log, _.get_reward, _.pre_tokenizer, _.decoder, _.pad_token, _.chat_template
_.handle_starttag
_.field_title_should_be_set, _.should_exit  # pydantic, uvicorn
_.finalize, _.validate, _.INFINITE, _.toolsets, _.TOOL_PREFIX, _.register
waits_for  # of `TaskEvent` and `TaskResult`: programs that follow a task read it
_.unknown_effects
_.last_seq
_.head_seq
_.derived_again
_.difference_seq  # in answers of the HTTP API
_.force_exit
_.should_exit
_.capture_signals  # uvicorn's server reads and calls them
_.on_start  # OpenTelemetry calls it
