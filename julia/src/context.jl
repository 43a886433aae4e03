# Seed, threads, progress, and interrupts.

# State shared by the callbacks and the call that waits for them.
mutable struct Watch
    progress::Any   # nothing, or f(stage, fraction)
    failure::Any    # nothing, or (exception, backtrace)
end

# An exception may not cross C frames: it is kept, the library is asked to stop, and the call throws
# it afterwards. SIGINT is held back during the call and let through here alone.
function watched(f, payload)::Cint
    watch = unsafe_pointer_to_objref(payload)::Watch
    watch.failure === nothing || return Cint(1)
    try
        reenable_sigint() do
            GC.safepoint()
            f(watch)
        end
        return Cint(0)
    catch exception
        watch.failure = (exception, catch_backtrace())
        return Cint(1)
    end
end

on_cancel(payload::Ptr{Cvoid})::Cint = watched(identity, payload)

on_progress(stage::Cstring, fraction::Cdouble, payload::Ptr{Cvoid})::Cint =
    watched(payload) do watch
        watch.progress === nothing || watch.progress(unsafe_string(stage), fraction)
    end

# For JULIA_DEBUG=LAOT. A logger's failure is its own affair, and must not cross C frames.
function on_log(line::Cstring, ::Ptr{Cvoid})::Cvoid
    said = unsafe_string(line)
    try
        @debug said
    catch
    end
    return nothing
end

# Runs call(context); what a callback threw, or an interrupt, comes out of here.
function with_context(call; seed::Integer = 1, num_threads::Integer = 1, progress = nothing,
                      checkpoint = nothing, checkpoint_seconds::Real = 30)
    watch = Watch(progress, nothing)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    check(laot_context_new(out))
    context = out[]
    # The message of a failure belongs to the thread: the task stays where it is meanwhile.
    task = current_task()
    sticky = task.sticky
    task.sticky = true
    try
        check(laot_context_set_seed(context, seed))
        check(laot_context_set_threads(context, num_threads))
        checkpoint === nothing ||
            check(laot_context_set_checkpoint(context, String(checkpoint), checkpoint_seconds))
        check(laot_context_set_log(context, @cfunction(on_log, Cvoid, (Cstring, Ptr{Cvoid})), C_NULL))
        GC.@preserve watch begin
            payload = pointer_from_objref(watch)
            check(laot_context_set_cancel(context, @cfunction(on_cancel, Cint, (Ptr{Cvoid},)), payload))
            progress === nothing || check(laot_context_set_progress(context,
                @cfunction(on_progress, Cint, (Cstring, Cdouble, Ptr{Cvoid})), payload))
            return disable_sigint(() -> call(context))
        end
    catch exception
        if exception isa LAOTError && exception.status == :cancelled && watch.failure !== nothing
            rethrow(watch.failure[1])
        end
        rethrow()
    finally
        laot_context_free(context)
        task.sticky = sticky
    end
end
