@testset "progress" begin
    seen = Tuple{String,Float64}[]
    fit(LAOTModel(), CONTROL, TREATED; progress = (stage, fraction) -> push!(seen, (stage, fraction)))
    @test !isempty(seen) && all(0 <= fraction <= 1 for (_, fraction) in seen)
end

@testset "lines for engineers" begin
    line = "what the library says"
    GC.@preserve line @test_logs((:debug, line), min_level = Base.CoreLogging.Debug,
                                 LAOT.on_log(Base.unsafe_convert(Cstring, line), C_NULL))
end

struct OnPurpose <: Exception end

@testset "what a callback throws comes out of the call" begin
    @test_throws OnPurpose fit(LAOTModel(), CONTROL, TREATED; progress = (_...) -> throw(OnPurpose()))
    @test_throws MethodError fit(LAOTModel(), CONTROL, TREATED; progress = () -> nothing)
    # A callback that collects garbage, allocates and yields.
    predicted = predict(FITTED, CONTROL)
    fitted = fit(LAOTModel(), CONTROL, TREATED; progress = (_...) -> (GC.gc(); yield(); zeros(1000); nothing))
    @test same(predict(fitted, CONTROL), predicted)
    # A callback that uses the library, in a context of its own.
    inner = Ref{Any}(nothing)
    fit(LAOTModel(), CONTROL, TREATED; progress = (_...) -> (inner[] = predict(FITTED, CONTROL); nothing))
    @test same(inner[], predicted)
end

# The signal is sent from inside the call, by the process to itself, as Ctrl-C is.
const INTERRUPTED = """
    using LAOT
    Base.exit_on_sigint(false)
    sent = Ref(false)
    function signal(stage, fraction)
        sent[] || ccall(:kill, Cint, (Cint, Cint), getpid(), 2)
        sent[] = true
        # Busy, not asleep: what Julia's event loop does with a signal is its own affair.
        started = time()
        while time() - started < 0.2
            GC.safepoint()
        end
    end
    x = Float64[sin(i * k) for k in 1:8, i in 1:400]
    y = Float64[cos(1.3 * i * k) for k in 1:8, i in 1:390]
    caught = try
        fit(LAOTModel(preset = "notebook"), x, y; progress = signal)
        "nothing"
    catch exception
        string(typeof(exception))
    end
    after = size(predict(fit(LAOTModel(max_iter = 2), x, y), x))
    println(caught, " ", after)
    """

if Sys.isunix()
    @testset "Ctrl-C" begin
        said = read(`$(Base.julia_cmd()) --startup-file=no --project=$(Base.active_project()) -e $INTERRUPTED`, String)
        @test said == "InterruptException (8, 400)\n"
    end
end
