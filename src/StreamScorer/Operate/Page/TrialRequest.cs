using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Operate.Page;

/// <summary>
/// <c>POST /page/score</c>: <c>{"text": …}</c>, and <c>"lang"</c> if known. Read by the stream's own decoder, so what a record is refused for is refused here too, with the
/// same words. Nothing of the text is kept or logged.
/// </summary>
internal sealed class TrialRequest(TextTrial trial, DecodeOptions decode)
{
    /// <summary>A byte of text takes six in JSON at most (\u0000); and room for the rest of the document.</summary>
    private readonly int _maxBody = (6 * decode.MaxTextBytes) + 4_096;

    private readonly PostDecoder _decoder = new(new DecodeOptions { MaxTextBytes = decode.MaxTextBytes });

    public async Task AnswerAsync(HttpContext context)
    {
        // The server refuses every body; this one is counted below, and what is not read is dropped after the answer, so that the answer arrives.
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "method", "A text is sent with POST.");
        }
        else if (RequestGuard.IsCrossSite(request))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "cross_site", "Another site's page asks. Texts are scored for this page and for programs only.");
        }
        else if (!request.HasJsonContentType())
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, "not_json", "Send JSON, {\"text\": \"…\"}, with the header Content-Type: application/json.");
        }
        else if (await ReadAsync(context) is not { } body)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "text_too_long", $"The text is over the limit of {decode.MaxTextBytes} bytes (Decode:MaxTextBytes).");
        }
        else
        {
            await ScoreAsync(context, body);
        }
    }

    /// <returns>Null when it is longer than any text that is scored.</returns>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > _maxBody)
        {
            return null;
        }

        using var body = new MemoryStream();
        var buffer = new byte[16_384];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > _maxBody)
            {
                return null;
            }
        }

        return body.ToArray();
    }

    private async Task ScoreAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var decoded = _decoder.Decode(body, [], "trial");
        var (post, reject) = (decoded.Post, decoded.Reject);
        var encoded = post is null ? null : trial.Encode(post);
        if (post is null || encoded is null)
        {
            reject ??= Rejects.NothingForTheModel;
            var status = reject.Reason == RejectReason.TextTooLong ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            await RefuseAsync(context, status, JsonNamingPolicy.SnakeCaseLower.ConvertName(reject.Reason.ToString()), reject.Message);
            return;
        }

        try
        {
            if (await trial.ScoreAsync(post, encoded.Value, context.RequestAborted) is { } result)
            {
                await context.Response.WriteAsJsonAsync(result, PageJson.Default.TrialResult);
                return;
            }

            context.Response.Headers.RetryAfter = "1";
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "busy", "Other texts wait already. Try again in a moment.");
        }
        catch (InferenceException)
        {
            // Per-record tier: the model fails on this text alone.
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, "inference", "The model fails on this text. In the stream it would become a dead letter.");
        }
        catch (ObjectDisposedException)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "stopping", "The worker stops.");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The browser went away.
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new TrialRefusal(reason, message), PageJson.Default.TrialRefusal);
    }
}
